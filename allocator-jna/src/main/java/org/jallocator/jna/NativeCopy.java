package org.jallocator.jna;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import org.jallocator.Allocator;
import org.jallocator.spi.Failures;
import org.jallocator.spi.StackRoom;

/**
 * Copies text and bytes into the memory of any allocator, for C to read.
 *
 * <p>The caller frees what it gets: {@code allocator.free(Pointer.nativeValue(pointer))}. As shared
 * as the allocator is. O(length). After the reference's CString and CBytes (the Go library
 * cgoalloc).
 */
public final class NativeCopy {

  private NativeCopy() {}

  /**
   * Copies text as a C string: encoded, with a terminator of the width that the charset gives to
   * NUL. A character that the charset lacks becomes its replacement, as everywhere in JNA.
   *
   * @param allocator where the copy is to live
   * @param text the text, without NUL
   * @param charset the encoding
   * @return the copy; the caller frees it
   * @throws IllegalArgumentException if the text has a NUL, which would end the string for C, or
   *     the copy is larger than the allocator serves
   * @throws OutOfMemoryError if the allocator has no memory
   */
  public static Pointer string(Allocator allocator, String text, Charset charset) {
    return bytes(allocator, encode(text, charset));
  }

  /** {@return text as C has it: encoded, with a terminator of the charset's width} */
  static byte[] encode(String text, Charset charset) {
    int nul = text.indexOf('\0');
    if (nul >= 0) {
      throw new IllegalArgumentException("text has a NUL: index=" + nul);
    }
    return (text + '\0').getBytes(charset);
  }

  /** {@return the encoding of C's wchar_t} */
  static Charset wide() {
    Jna.require();
    String order = ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? "BE" : "LE";
    return Charset.forName("UTF-" + Native.WCHAR_SIZE * 8 + order);
  }

  /**
   * Copies text as a string of C's wchar_t, a code point or a UTF-16 unit each as the platform has
   * it.
   *
   * @param allocator where the copy is to live
   * @param text the text, without NUL
   * @return the copy; the caller frees it
   * @throws IllegalArgumentException if the text has a NUL, or the copy is larger than the
   *     allocator serves
   * @throws OutOfMemoryError if the allocator has no memory
   */
  public static Pointer wideString(Allocator allocator, String text) {
    return string(allocator, text, wide());
  }

  /**
   * Reads a C string back, up to a terminator of the width that the charset gives to NUL. JNA's own
   * {@code getString} stops at the first zero byte, which is within most characters of UTF-16 and
   * UTF-32. O(length), one JNI crossing for each character of a wide charset.
   *
   * @param pointer where the string starts
   * @param charset the encoding
   * @return the text
   */
  public static String read(Pointer pointer, Charset charset) {
    int width = "\0\0".getBytes(charset).length - "\0".getBytes(charset).length;
    int length = 0;
    if (width == 1) {
      length = (int) pointer.indexOf(0, (byte) 0);
    } else {
      while (width == 2 ? pointer.getShort(length) != 0 : pointer.getInt(length) != 0) {
        length += width;
      }
    }
    return new String(pointer.getByteArray(0, length), charset);
  }

  /**
   * Copies bytes.
   *
   * @param allocator where the copy is to live
   * @param bytes the bytes; for none, a block of one byte
   * @return the copy; the caller frees it
   * @throws IllegalArgumentException if the copy is larger than the allocator serves
   * @throws OutOfMemoryError if the allocator has no memory
   */
  public static Pointer bytes(Allocator allocator, byte[] bytes) {
    Jna.require();
    StackRoom.requireAboveStack();
    // The object first: if there is no room for it, no block is lost.
    Pointer copy = new Pointer(Allocator.NULL);
    long address = allocator.malloc(Math.max(1, bytes.length));
    Pointer.nativeValue(copy, address);
    try {
      copy.write(0, bytes, 0, bytes.length);
    } catch (Throwable t) { // JNA's error for an address that cannot be written
      freeAfter(t, allocator, address);
      throw t;
    }
    return copy;
  }

  private static void freeAfter(Throwable thrown, Allocator allocator, long address) {
    try {
      allocator.free(address);
    } catch (RuntimeException | Error e) {
      Failures.join(thrown, e);
    }
  }
}
