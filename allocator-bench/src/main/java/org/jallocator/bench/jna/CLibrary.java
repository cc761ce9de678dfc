package org.jallocator.bench.jna;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import java.util.Map;

/**
 * The functions of the C library that the {@code jna} command calls: they do next to nothing, so
 * that what is measured is the way there. By interface mapping.
 */
interface CLibrary extends Library {

  /**
   * {@return the C library}
   *
   * @param options JNA's
   */
  static CLibrary load(Map<String, ?> options) {
    return Native.load(Platform.C_LIBRARY_NAME, CLibrary.class, options);
  }

  /** {@return the bytes before the first zero} Of a structure too: C does not know. */
  int strlen(SmallStruct structure);

  /** {@return the bytes before the first zero} */
  int strlen(String text);

  /** {@return the bytes before the first zero} Of the array of pointers: C does not know. */
  int strlen(String[] texts);

  /** {@return the bytes before the first zero} */
  int strlen(Pointer memory);

  /** {@return the fraction of a number; its exponent goes where the by-reference points} */
  double frexp(double number, IntByReference exponent);

  /**
   * {@return the length of what was printed} Arguments that the format does not name are ignored.
   */
  int sprintf(Pointer buffer, String format, Object... arguments);

  /**
   * {@return the length of what was printed} Arguments that the format does not name are ignored.
   */
  int sprintf(Pointer buffer, Pointer format, Object... arguments);
}
