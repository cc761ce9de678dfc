package org.jallocator.bench.natives;

import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The C program for tests; where it or an allocator is missing, a test is skipped and says why. */
final class NativeFixture {

  private static final List<String> STRICT =
      List.of("cc", "-Wall", "-Wextra", "-Wpedantic", "-Werror");

  private static @Nullable NativeProgram program;

  private NativeFixture() {}

  /** {@return the program, compiled into a directory without a warning} */
  static NativeProgram compile(Path directory) {
    try {
      return NativeProgram.compile(STRICT, directory);
    } catch (NativeMissingException e) {
      if (String.valueOf(e.getMessage()).startsWith("no C compiler")) {
        return abort(e.getMessage());
      }
      throw new AssertionError(e);
    }
  }

  /** {@return the program, compiled once for all tests} */
  static synchronized NativeProgram program() {
    if (program == null) {
      program = compile(Path.of("target", "native-of-tests"));
    }
    return program;
  }

  static PreloadedAllocator stack(NativeAllocator allocator) {
    try {
      return PreloadedAllocator.find(program(), allocator);
    } catch (NativeMissingException e) {
      return abort(e.getMessage());
    }
  }

  /** {@return a stack whose name is a lie: the malloc that it finds is glibc's} */
  static PreloadedAllocator mimallocWithoutItsLibrary() {
    PreloadedAllocator glibc = stack(NativeAllocator.GLIBC);
    return new PreloadedAllocator(glibc.program(), NativeAllocator.MIMALLOC, "", "");
  }
}
