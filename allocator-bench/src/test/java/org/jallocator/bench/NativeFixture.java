package org.jallocator.bench;

import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Path;
import java.util.List;

/**
 * The C program and its allocators for tests; where they are missing, the test is skipped and says
 * why.
 */
final class NativeFixture {

  private NativeFixture() {}

  /** {@return the program, which is compiled without a warning} */
  static NativeProgram program(Path directory) {
    try {
      return NativeProgram.compile(
          List.of("cc", "-Wall", "-Wextra", "-Wpedantic", "-Werror"), directory);
    } catch (NativeMissingException e) {
      return abort(e.getMessage());
    }
  }

  static NativeStack stack(Path directory, NativeAllocator allocator) {
    try {
      return NativeStack.find(program(directory), allocator);
    } catch (NativeMissingException e) {
      return abort(e.getMessage());
    }
  }

  /** {@return a stack whose name is a lie: the malloc that it finds is glibc's} */
  static NativeStack mimallocWithoutItsLibrary(Path directory) {
    NativeStack glibc = stack(directory, NativeAllocator.GLIBC);
    return new NativeStack(glibc.program(), NativeAllocator.MIMALLOC, "", "");
  }
}
