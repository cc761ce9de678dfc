package org.jallocator.bench.natives;

import java.util.List;
import java.util.Locale;

/** The allocators that C programs use, which can take the place of C's malloc in a process. */
enum NativeAllocator {
  /** The C library's own; nothing is preloaded. */
  GLIBC("libc6", ""),
  JEMALLOC("libjemalloc2", "libjemalloc.so.2"),
  MIMALLOC("libmimalloc2.0", "libmimalloc.so.2.0 libmimalloc.so.2 libmimalloc.so.3");

  private final String debianPackage;
  private final String libraries;

  NativeAllocator(String debianPackage, String libraries) {
    this.debianPackage = debianPackage;
    this.libraries = libraries;
  }

  /** {@return what its makers call it} */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** {@return what it is called in tables, beside the stacks} */
  String stack() {
    return "native " + label();
  }

  /** {@return the key in JSON of a row's ratio to it} */
  String ratioKey() {
    return "ratioToNative"
        + label().substring(0, 1).toUpperCase(Locale.ROOT)
        + label().substring(1);
  }

  /** {@return the package that brings it on Debian} */
  String debianPackage() {
    return debianPackage;
  }

  /** {@return what the dynamic linker has to preload, in the order to try; empty for nothing} */
  List<String> libraries() {
    return List.of(libraries.split(" ", -1));
  }
}
