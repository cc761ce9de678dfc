package org.jallocator.examples;

import com.sun.jna.Callback;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.Structure.FieldOrder;
import com.sun.jna.ptr.PointerByReference;
import org.jspecify.annotations.Nullable;

/** Some of the C library, on systems of 64 bits. */
public interface Libc extends Library {

  /** {@return the C library by JNA's interface mapping} */
  static Libc byInterface() {
    return Native.load(Platform.C_LIBRARY_NAME, Libc.class);
  }

  /** {@return the C library by JNA's direct mapping, which is faster} */
  static Libc direct() {
    return new Direct();
  }

  /** What qsort compares by. */
  interface Comparison extends Callback {
    /**
     * {@return less than, equal to or more than 0}
     *
     * @param a an element
     * @param b an element
     */
    int compare(Pointer a, Pointer b);
  }

  /** C's struct ifaddrs, laid over memory that C owns. */
  @FieldOrder({"next", "name", "flags", "address", "netmask", "destination", "data"})
  final class InterfaceAddress extends Structure {
    /** The next one. */
    public @Nullable Pointer next;

    /** The interface, such as eth0. */
    public @Nullable String name;

    /** Flags. */
    public int flags;

    /** A struct sockaddr. */
    public @Nullable Pointer address;

    /** A struct sockaddr. */
    public @Nullable Pointer netmask;

    /** A struct sockaddr. */
    public @Nullable Pointer destination;

    /** Depends on the kind of address. */
    public @Nullable Pointer data;

    /**
     * Reads what C wrote.
     *
     * @param address where it is
     */
    public InterfaceAddress(Pointer address) {
      super(address);
      read();
    }
  }

  /**
   * Sorts.
   *
   * @param base the elements
   * @param count how many
   * @param size bytes of one
   * @param comparison what to compare by
   */
  void qsort(Pointer base, long count, long size, Comparison comparison);

  /**
   * Splits a text by writing NULs into it.
   *
   * @param text the text; null to go on with the last one
   * @param separators the characters between tokens
   * @return the next token, within the text; null iff there is none
   */
  @Nullable Pointer strtok(@Nullable Pointer text, String separators);

  /**
   * Lists the network interfaces.
   *
   * @param first where to put the address of the first
   * @return 0 iff it could
   */
  int getifaddrs(PointerByReference first);

  /**
   * Frees what getifaddrs listed.
   *
   * @param first the first
   */
  void freeifaddrs(Pointer first);

  /** The same functions, mapped directly. */
  final class Direct implements Libc {
    static {
      Native.register(Direct.class, Platform.C_LIBRARY_NAME);
    }

    private Direct() {}

    @Override
    public native void qsort(Pointer base, long count, long size, Comparison comparison);

    @Override
    public native @Nullable Pointer strtok(@Nullable Pointer text, String separators);

    @Override
    public native int getifaddrs(PointerByReference first);

    @Override
    public native void freeifaddrs(Pointer first);
  }

  /** Functions of variable arguments, which direct mapping does not have. */
  interface Variadic extends Library {
    /**
     * Formats.
     *
     * @param buffer where to
     * @param size its bytes
     * @param format how
     * @param arguments what
     * @return the length of the whole text in bytes, of which no more than fits was written
     */
    int snprintf(Pointer buffer, long size, String format, Object... arguments);
  }
}
