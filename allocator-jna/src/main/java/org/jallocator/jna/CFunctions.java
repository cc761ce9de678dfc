package org.jallocator.jna;

import com.sun.jna.Callback;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;

/** The C library's functions on bytes, by JNA's direct mapping. In processes of 64 bits only. */
final class CFunctions {

  static {
    try (NativeLibrary library = library()) {
      Native.register(CFunctions.class, library);
    }
  }

  private CFunctions() {}

  /** {@return the C library, in whichever form the process has it; this handle is not shared} */
  static NativeLibrary library() {
    return Platform.isWindows()
        ? NativeLibrary.getInstance(Platform.C_LIBRARY_NAME, LibraryCalls.options(""))
        : LibraryCalls.ownProcess();
  }

  /**
   * Binds the functions, so that no later call has to: a class that fails to do so stays broken.
   */
  static void bind() {
    // The initializer has run.
  }

  static native long memcpy(long to, long from, long size);

  static native long memset(long address, int value, long size);

  private static native Pointer memmove(Callback to, Callback from, long size);

  /**
   * Returns what C calls to call a Java function. JNA makes its faster kind of callback, without
   * reflection, boxes and an argument array, only of what is passed to a directly mapped function:
   * so it is passed to one that moves no bytes, and returns its argument.
   *
   * @param function kept by the caller for as long as C may call it
   */
  static Pointer pointerTo(Callback function) {
    return memmove(function, function, 0);
  }
}
