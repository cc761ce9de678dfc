package org.jallocator.examples;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;

/** What a test needs of the machine, or it is skipped with the reason. */
final class Installed {

  private Installed() {}

  static boolean has(String library) {
    try {
      return NativeLibrary.getInstance(library) != null;
    } catch (UnsatisfiedLinkError e) {
      return false;
    }
  }

  static void assumeLibrary(String library, String debianPackage) {
    assumeTrue(has(library), () -> library + " is not installed (Debian: " + debianPackage + ")");
  }

  static void assumePosix() {
    assumeTrue(!Platform.isWindows(), "the C library of Windows has no such functions");
  }
}
