package org.jallocator.jna;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.ByReference;
import com.sun.jna.ptr.ByteByReference;
import com.sun.jna.ptr.DoubleByReference;
import com.sun.jna.ptr.FloatByReference;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.NativeLongByReference;
import com.sun.jna.ptr.PointerByReference;
import com.sun.jna.ptr.ShortByReference;
import java.nio.charset.Charset;
import org.jspecify.annotations.Nullable;

/**
 * The values that a scope copies into its memory or points at it. The half of {@link NativeScope}
 * that needs no more than to be given memory.
 *
 * <p>Values are read back as from every {@link Memory}: {@code getIntArray}, {@code
 * getStringArray}, {@link NativeCopy#read}.
 */
abstract class ScopeValues {

  /** Apart, so that this class can be initialized even if JNA cannot. */
  private static final class Charsets {
    static final Charset DEFAULT = Charset.forName(Native.getDefaultStringEncoding());
    static final Charset WIDE = NativeCopy.wide();

    private Charsets() {}
  }

  ScopeValues() {}

  /**
   * Hands out memory, its contents undefined, as those of {@code new Memory(size)} are.
   *
   * @param size in bytes, at least 1
   * @return new memory, closed with this scope
   * @throws IllegalArgumentException if the allocator does not serve the size
   * @throws OutOfMemoryError if the allocator has no memory
   * @throws IllegalStateException if this scope may not be used now
   */
  public abstract Memory memory(long size);

  /**
   * Hands out memory of an alignment, its contents undefined. What the allocator does not align
   * enough costs up to {@code alignment} bytes more.
   *
   * @param size in bytes, at least 1
   * @param alignment what the address is a multiple of: bytes, a power of two, such as 64 for a
   *     cache line or 4096 for a page
   * @return new memory, closed with this scope
   * @throws IllegalArgumentException if the allocator does not serve the size, together with what
   *     it takes to align it, or {@code alignment} is no power of two
   * @throws OutOfMemoryError if the allocator has no memory
   * @throws IllegalStateException if this scope may not be used now
   */
  public abstract Memory memory(long size, long alignment);

  /** Lends a by-reference, whatever is in its memory. */
  abstract ByReference lend(Class<? extends ByReference> type);

  /**
   * Copies text as a C string in JNA's default encoding.
   *
   * @param text the text, without NUL
   * @return the copy, closed with this scope; null, which is C's NULL, iff the text is null
   * @throws IllegalArgumentException if the text has a NUL
   */
  public Memory string(@Nullable String text) {
    return string(text, Charsets.DEFAULT);
  }

  /**
   * Copies text as a C string, with a terminator of the width that the charset gives to NUL.
   *
   * @param text the text, without NUL
   * @param charset the encoding
   * @return the copy, closed with this scope; null, which is C's NULL, iff the text is null
   * @throws IllegalArgumentException if the text has a NUL
   */
  @SuppressWarnings("NullAway") // null for null alone: others need not check
  public Memory string(@Nullable String text, Charset charset) {
    return text == null ? null : bytes(NativeCopy.encode(text, charset));
  }

  /**
   * Copies text as a string of C's wchar_t.
   *
   * @param text the text, without NUL
   * @return the copy, closed with this scope; null, which is C's NULL, iff the text is null
   * @throws IllegalArgumentException if the text has a NUL
   */
  public Memory wideString(@Nullable String text) {
    return string(text, Charsets.WIDE);
  }

  /**
   * Copies bytes.
   *
   * @param values the bytes; for none, memory of one byte, as for every empty array
   * @return the copy, closed with this scope
   */
  public Memory bytes(byte... values) {
    Memory copy = array(values.length, 1);
    copy.write(0, values, 0, values.length);
    return copy;
  }

  /**
   * Copies booleans as C's bool, a byte each.
   *
   * @param values the booleans
   * @return the copy, closed with this scope
   */
  public Memory booleans(boolean... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) (values[i] ? 1 : 0);
    }
    return bytes(bytes);
  }

  /**
   * Copies shorts.
   *
   * @param values the shorts
   * @return the copy, closed with this scope
   */
  public Memory shorts(short... values) {
    Memory copy = array(values.length, Short.BYTES);
    copy.write(0, values, 0, values.length);
    return copy;
  }

  /**
   * Copies characters as JNA does, a wchar_t each.
   *
   * @param values the characters
   * @return the copy, closed with this scope
   */
  public Memory chars(char... values) {
    Memory copy = array(values.length, Native.WCHAR_SIZE);
    copy.write(0, values, 0, values.length);
    return copy;
  }

  /**
   * Copies ints.
   *
   * @param values the ints
   * @return the copy, closed with this scope
   */
  public Memory ints(int... values) {
    Memory copy = array(values.length, Integer.BYTES);
    copy.write(0, values, 0, values.length);
    return copy;
  }

  /**
   * Copies longs, 64 bits each.
   *
   * @param values the longs
   * @return the copy, closed with this scope
   */
  public Memory longs(long... values) {
    Memory copy = array(values.length, Long.BYTES);
    copy.write(0, values, 0, values.length);
    return copy;
  }

  /**
   * Copies floats.
   *
   * @param values the floats
   * @return the copy, closed with this scope
   */
  public Memory floats(float... values) {
    Memory copy = array(values.length, Float.BYTES);
    copy.write(0, values, 0, values.length);
    return copy;
  }

  /**
   * Copies doubles.
   *
   * @param values the doubles
   * @return the copy, closed with this scope
   */
  public Memory doubles(double... values) {
    Memory copy = array(values.length, Double.BYTES);
    copy.write(0, values, 0, values.length);
    return copy;
  }

  private Memory array(int length, int width) {
    return memory(Math.max(1, (long) length * width), width);
  }

  /**
   * Copies pointers, and NULL behind the last.
   *
   * @param values the pointers; null is NULL
   * @return the copy, closed with this scope
   */
  public Memory pointers(@Nullable Pointer... values) {
    Memory copy = memory((values.length + 1L) * Native.POINTER_SIZE, Native.POINTER_SIZE);
    for (int i = 0; i < values.length; i++) {
      copy.setPointer((long) i * Native.POINTER_SIZE, values[i]);
    }
    copy.setPointer((long) values.length * Native.POINTER_SIZE, null);
    return copy;
  }

  /**
   * Copies texts as an array of C strings, and NULL behind the last.
   *
   * @param texts the texts, without NUL; null is NULL
   * @param charset the encoding
   * @return the array, closed with this scope as the strings are
   * @throws IllegalArgumentException if a text has a NUL
   */
  public Memory strings(@Nullable String[] texts, Charset charset) {
    @Nullable Pointer[] copies = new Pointer[texts.length];
    for (int i = 0; i < texts.length; i++) {
      copies[i] = string(texts[i], charset);
    }
    return pointers(copies);
  }

  /**
   * Copies texts as an array of C strings in JNA's default encoding, and NULL behind the last.
   *
   * @param texts the texts, without NUL; null is NULL
   * @return the array, closed with this scope as the strings are
   * @throws IllegalArgumentException if a text has a NUL
   */
  public Memory strings(@Nullable String... texts) {
    return strings(texts, Charsets.DEFAULT);
  }

  /**
   * Copies texts as an array of strings of C's wchar_t, and NULL behind the last.
   *
   * @param texts the texts, without NUL; null is NULL
   * @return the array, closed with this scope as the strings are
   * @throws IllegalArgumentException if a text has a NUL
   */
  public Memory wideStrings(@Nullable String... texts) {
    return strings(texts, Charsets.WIDE);
  }

  /**
   * Lends a by-reference of any class, its value zero. If the class has fields of its own, JNA
   * makes a new one on memory of its own, its value as the class sets it.
   *
   * @param <T> the class
   * @param type a class with a public constructor without arguments, such as JNA demands
   * @return a by-reference, closed with this scope
   * @throws IllegalArgumentException if JNA cannot make one
   */
  public <T extends ByReference> T byReference(Class<T> type) {
    ByReference reference = lend(type);
    if (reference.getPointer() instanceof ReferenceMemory memory) {
      memory.clear();
    }
    return type.cast(reference);
  }

  /**
   * Lends a by-reference to a byte.
   *
   * @param value what it refers to at first
   * @return a by-reference, closed with this scope
   */
  public ByteByReference byteByReference(byte value) {
    ByteByReference reference = (ByteByReference) lend(ByteByReference.class);
    reference.setValue(value);
    return reference;
  }

  /**
   * Lends a by-reference to a short.
   *
   * @param value what it refers to at first
   * @return a by-reference, closed with this scope
   */
  public ShortByReference shortByReference(short value) {
    ShortByReference reference = (ShortByReference) lend(ShortByReference.class);
    reference.setValue(value);
    return reference;
  }

  /** {@return a by-reference to an int, 0 at first, closed with this scope} */
  public IntByReference intByReference() {
    return intByReference(0);
  }

  /**
   * Lends a by-reference to an int.
   *
   * @param value what it refers to at first
   * @return a by-reference, closed with this scope
   */
  public IntByReference intByReference(int value) {
    IntByReference reference = (IntByReference) lend(IntByReference.class);
    reference.setValue(value);
    return reference;
  }

  /** {@return a by-reference to a long of 64 bits, 0 at first, closed with this scope} */
  public LongByReference longByReference() {
    return longByReference(0);
  }

  /**
   * Lends a by-reference to a long of 64 bits.
   *
   * @param value what it refers to at first
   * @return a by-reference, closed with this scope
   */
  public LongByReference longByReference(long value) {
    LongByReference reference = (LongByReference) lend(LongByReference.class);
    reference.setValue(value);
    return reference;
  }

  /** {@return a by-reference to a long of C's, 0 at first, closed with this scope} */
  public NativeLongByReference nativeLongByReference() {
    return byReference(NativeLongByReference.class);
  }

  /**
   * Lends a by-reference to a long of C's.
   *
   * @param value what it refers to at first
   * @return a by-reference, closed with this scope
   */
  public NativeLongByReference nativeLongByReference(NativeLong value) {
    NativeLongByReference reference = (NativeLongByReference) lend(NativeLongByReference.class);
    reference.setValue(value);
    return reference;
  }

  /**
   * Lends a by-reference to a float.
   *
   * @param value what it refers to at first
   * @return a by-reference, closed with this scope
   */
  public FloatByReference floatByReference(float value) {
    FloatByReference reference = (FloatByReference) lend(FloatByReference.class);
    reference.setValue(value);
    return reference;
  }

  /**
   * Lends a by-reference to a double.
   *
   * @param value what it refers to at first
   * @return a by-reference, closed with this scope
   */
  public DoubleByReference doubleByReference(double value) {
    DoubleByReference reference = (DoubleByReference) lend(DoubleByReference.class);
    reference.setValue(value);
    return reference;
  }

  /** {@return a by-reference to a pointer, NULL at first, closed with this scope} */
  public PointerByReference pointerByReference() {
    return pointerByReference(null);
  }

  /**
   * Lends a by-reference to a pointer.
   *
   * @param value what it refers to at first; null is NULL
   * @return a by-reference, closed with this scope
   */
  public PointerByReference pointerByReference(@Nullable Pointer value) {
    PointerByReference reference = (PointerByReference) lend(PointerByReference.class);
    reference.setValue(value);
    return reference;
  }
}
