package org.jallocator.bench;

import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A process of its own in which one stack replays one trace, round by round as the bench asks: a
 * JVM, or for an allocator called from C the C program.
 *
 * <p>A JVM of its own, because the compiler inlines an allocator into the loop only while that loop
 * has seen few classes: in one JVM the stack measured third would pay for the two before it. Driven
 * from here, because rounds of several stacks then take turns, and what disturbs the machine for a
 * while disturbs them alike.
 *
 * <p>Confined to its owner thread. Price: about half a second for the JVM, and the warm-up.
 */
final class ReplayFork implements AutoCloseable {

  private static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";

  private final String name;
  private final int operations;
  private final Process process;
  private final DataOutputStream commands;
  private final BufferedReader answers;
  private final PrintWriter err;

  private ReplayFork(
      String name, ProcessBuilder builder, String stack, Trace trace, PrintWriter err) {
    this.name = name;
    this.operations = trace.operations();
    this.err = err;
    try {
      process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    } catch (IOException e) {
      throw new IllegalStateException(
          name + " for the replay cannot be started: " + builder.command(), e);
    }
    answers =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    commands = new DataOutputStream(new BufferedOutputStream(process.getOutputStream(), 1 << 16));
    try {
      commands.writeUTF(stack);
      trace.writeTo(commands);
      commands.flush();
    } catch (IOException e) {
      // The process has ended. Why, it may have answered: the first question reads that.
    }
  }

  /**
   * Starts a JVM and hands it its work.
   *
   * @param expression the stack
   * @param trace what to replay
   * @param err where anything else goes that the JVM prints
   */
  static ReplayFork inJava(String expression, Trace trace, PrintWriter err) {
    List<String> command = jvm();
    command.add(ReplayWorker.class.getName());
    return new ReplayFork("JVM", new ProcessBuilder(command), expression, trace, err);
  }

  /** Starts the C program on an allocator and hands it its work. */
  static ReplayFork inC(NativeStack stack, Trace trace, PrintWriter err) {
    return new ReplayFork("C program", stack.replayProcess(), stack.name(), trace, err);
  }

  /** The same JVM with the same options, so that those of the bench hold for the replay too. */
  private static List<String> jvm() {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    for (String option : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
      if (!option.startsWith("-agentlib:jdwp") && !option.startsWith("-Xrunjdwp")) {
        command.add(option);
      }
    }
    command.add(NATIVE_ACCESS);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    return command;
  }

  /** Replays until the loop is compiled, and makes sure that it is this trace that is replayed. */
  void warmUp() {
    long replayed = ask(ReplayWorker.WARM_UP);
    if (replayed != operations) {
      throw new IllegalStateException(
          name + " replays another trace: calls=" + replayed + ", expected=" + operations);
    }
  }

  /** {@return the time that one replay took, in nanoseconds} */
  long round() {
    return ask(ReplayWorker.ROUND);
  }

  private long ask(int command) {
    try {
      commands.write(command);
      commands.flush();
    } catch (IOException e) {
      // As above.
    }
    try {
      for (String line = answers.readLine(); line != null; line = answers.readLine()) {
        if (line.startsWith(ReplayWorker.ANSWER)) {
          return number(line.substring(ReplayWorker.ANSWER.length()));
        }
        err.println(line);
      }
      throw new IllegalStateException(name + " of the replay ended: exit=" + process.waitFor());
    } catch (IOException e) {
      throw new IllegalStateException(name + " of the replay cannot be reached", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static long number(String answer) {
    if (answer.startsWith(ReplayWorker.FAILED)) {
      throw new IllegalStateException("replay " + answer);
    }
    return Long.parseLong(answer);
  }

  /** Ends the process. */
  @Override
  public void close() {
    process.destroy();
  }
}
