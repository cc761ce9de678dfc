package org.jallocator.bench.natives;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jallocator.bench.run.ForkedWorker;

/**
 * An allocator that was found on this machine and that takes malloc's place in the C program.
 *
 * <p>Every process checks that anew before it measures anything, so no figure stands under a wrong
 * name.
 *
 * @param program the C program
 * @param allocator which allocator
 * @param library what is preloaded; empty for nothing
 * @param version the version that the allocator tells
 */
public record PreloadedAllocator(
    NativeProgram program, NativeAllocator allocator, String library, String version) {

  /**
   * {@return the allocator, if the dynamic linker finds it}
   *
   * @throws NativeMissingException if malloc is another's, whatever is preloaded
   */
  static PreloadedAllocator find(NativeProgram program, NativeAllocator allocator)
      throws NativeMissingException {
    List<String> reasons = new ArrayList<>();
    for (String library : allocator.libraries()) {
      try {
        StringBuilder version = new StringBuilder();
        // The dynamic linker complains of a library that it does not find: the program does too.
        run(
            program
                .process(allocator, library, List.of("check"))
                .redirectError(ProcessBuilder.Redirect.DISCARD),
            version::append);
        return new PreloadedAllocator(program, allocator, library, version.toString());
      } catch (IllegalStateException e) {
        reasons.add(e.getMessage());
      }
    }
    throw new NativeMissingException(
        "%s is left out: %s (on Debian: apt-get install %s)"
            .formatted(allocator.stack(), reasons.get(0), allocator.debianPackage()));
  }

  /** {@return what it is called in tables} */
  public String name() {
    return allocator.stack();
  }

  /** {@return the name, and what stands behind it here} */
  String describe() {
    return name() + ": " + version + (library.isEmpty() ? "" : ", preloaded " + library);
  }

  /** {@return a process that serves questions from stdin, not started} */
  public ProcessBuilder process(List<String> arguments) {
    return program.process(allocator, library, arguments);
  }

  /**
   * Runs the C program to its end.
   *
   * @param arguments what it is to do
   * @param answers takes each of its answers, as they come
   * @throws IllegalStateException if it fails
   */
  public void run(List<String> arguments, Consumer<String> answers) {
    run(
        program
            .process(allocator, library, arguments)
            .redirectError(ProcessBuilder.Redirect.INHERIT),
        answers);
  }

  private static void run(ProcessBuilder builder, Consumer<String> answers) {
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new IllegalStateException("C program cannot be started: " + e.getMessage(), e);
    }
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith(ForkedWorker.ANSWER + ForkedWorker.FAILED)) {
          throw new IllegalStateException(
              line.substring((ForkedWorker.ANSWER + ForkedWorker.FAILED).length()));
        }
        if (line.startsWith(ForkedWorker.ANSWER)) {
          answers.accept(line.substring(ForkedWorker.ANSWER.length()));
        }
      }
      int exit = NativeProgram.exitOf(process);
      if (exit != 0) {
        throw new IllegalStateException("C program ended: exit=" + exit);
      }
    } catch (IOException e) {
      throw new IllegalStateException("C program cannot be reached", e);
    } finally {
      process.destroy();
    }
  }
}
