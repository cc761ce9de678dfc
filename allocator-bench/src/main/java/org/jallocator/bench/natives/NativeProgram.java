package org.jallocator.bench.natives;

import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The C program of the bench, {@code native/bench.c} and what lies beside it, compiled on this
 * machine.
 *
 * <p>It is compiled anew whenever the bench runs, which takes a fifth of a second, so a program
 * never differs from its source. If this code lies in a {@code target} directory, the program goes
 * there; elsewhere into {@code allocator-bench} in the user's cache directory.
 */
public final class NativeProgram {

  /** Names another compiler than {@code cc}. */
  static final String COMPILER = "allocator.bench.cc";

  /** The compiler must not know what malloc and free mean, or it may drop a pair of them. */
  private static final List<String> FLAGS =
      List.of("-std=c11", "-O2", "-pthread", "-fno-builtin-malloc", "-fno-builtin-free");

  private static final List<String> SOURCES =
      List.of("bench.h", "bench.c", "reference.c", "replay.c", "threads.c");

  private static final String NAME = "malloc-bench";

  private final Path executable;

  private NativeProgram(Path executable) {
    this.executable = executable;
  }

  /**
   * {@return the compiled program}
   *
   * @throws NativeMissingException if there is no compiler, or it fails
   */
  static NativeProgram compile() throws NativeMissingException {
    return compile(List.of(System.getProperty(COMPILER, "cc")), directory());
  }

  /**
   * {@return the program, compiled into a directory, which is made if it is missing}
   *
   * @param compiler the compiler, and flags of the caller
   */
  static NativeProgram compile(List<String> compiler, Path directory)
      throws NativeMissingException {
    Path work = directory.resolve(NAME + "." + ProcessHandle.current().pid());
    Path draft = work.resolve(NAME);
    Path executable = directory.resolve(NAME);
    try {
      Files.createDirectories(work);
      try {
        for (String source : SOURCES) {
          Files.writeString(work.resolve(source), text(source));
        }
        run(command(compiler, work, draft));
        Files.move(
            draft, executable, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        return new NativeProgram(executable.toAbsolutePath());
      } finally {
        for (String source : SOURCES) {
          Files.deleteIfExists(work.resolve(source));
        }
        Files.deleteIfExists(draft);
        Files.deleteIfExists(work);
      }
    } catch (IOException e) {
      throw new NativeMissingException("C program cannot be written: " + e, e);
    }
  }

  private static List<String> command(List<String> compiler, Path sources, Path executable) {
    List<String> command = new ArrayList<>(compiler);
    command.addAll(FLAGS);
    command.add("-o");
    command.add(executable.toString());
    SOURCES.stream()
        .filter(source -> source.endsWith(".c"))
        .forEach(source -> command.add(sources.resolve(source).toString()));
    command.add("-ldl");
    return command;
  }

  private static void run(List<String> command) throws NativeMissingException, IOException {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      throw new NativeMissingException(
          "no C compiler: " + command.get(0) + " (on Debian: apt-get install gcc libc6-dev)", e);
    }
    process.getOutputStream().close();
    String messages;
    try (InputStream in = process.getInputStream()) {
      messages = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    int exit = exitOf(process);
    if (exit != 0) {
      String error =
          messages.lines().filter(line -> line.contains("error")).findFirst().orElse(messages);
      throw new NativeMissingException(
          ("C compiler fails: " + command.get(0) + ", exit=" + exit + " " + error).strip());
    }
  }

  private static String text(String source) throws IOException {
    String resource = "/org/jallocator/bench/native/" + source;
    try (InputStream in = NativeProgram.class.getResourceAsStream(resource)) {
      return new String(
          Objects.requireNonNull(in, resource).readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** {@return where the program goes: beside this code in target, else the user's cache} */
  private static Path directory() {
    CodeSource code = NativeProgram.class.getProtectionDomain().getCodeSource();
    if (code != null) {
      try {
        Path parent = Path.of(code.getLocation().toURI()).getParent();
        if (parent != null && parent.endsWith("target") && Files.isWritable(parent)) {
          return parent.resolve("native");
        }
      } catch (URISyntaxException | IllegalArgumentException e) {
        // Code that lies in no file has no directory beside it.
      }
    }
    String cache = System.getenv("XDG_CACHE_HOME");
    return (cache == null || cache.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(cache))
        .resolve("allocator-bench");
  }

  /**
   * {@return a process of the program, not started, whose malloc is an allocator's} Whether it is,
   * the program checks.
   *
   * @param allocator what the program must find
   * @param library what the dynamic linker preloads; empty for nothing
   * @param arguments what comes behind the allocator's name
   */
  ProcessBuilder process(NativeAllocator allocator, String library, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(executable.toString());
    command.add(allocator.label());
    command.addAll(arguments);
    ProcessBuilder process = new ProcessBuilder(command);
    process.environment().remove("LD_PRELOAD");
    if (!library.isEmpty()) {
      process.environment().put("LD_PRELOAD", library);
    }
    return process;
  }

  /** {@return the exit code of a process, once it has ended} */
  static int exitOf(Process process) {
    try {
      return process.waitFor();
    } catch (InterruptedException e) {
      process.destroy();
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
