package org.jallocator.jna;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import org.jallocator.Allocator;

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
    int nul = text.indexOf('\0');
    if (nul >= 0) {
      throw new IllegalArgumentException("text has a NUL: index=" + nul);
    }
    return bytes(allocator, (text + '\0').getBytes(charset));
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
    String order = ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? "BE" : "LE";
    return string(allocator, text, Charset.forName("UTF-" + Native.WCHAR_SIZE * 8 + order));
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
    Pointer copy = new Pointer(allocator.malloc(Math.max(1, bytes.length)));
    copy.write(0, bytes, 0, bytes.length);
    return copy;
  }
}
