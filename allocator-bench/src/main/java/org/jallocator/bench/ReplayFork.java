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
 * A JVM of its own in which one stack replays one trace, round by round as the bench asks.
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

  private final Process process;
  private final DataOutputStream commands;
  private final BufferedReader answers;
  private final PrintWriter err;

  /**
   * Starts the JVM and hands it its work.
   *
   * @param expression the stack
   * @param trace what to replay
   * @param err where anything else goes that the JVM prints
   */
  ReplayFork(String expression, Trace trace, PrintWriter err) {
    this.err = err;
    try {
      process =
          new ProcessBuilder(command()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    } catch (IOException e) {
      throw new IllegalStateException("JVM for the replay cannot be started: " + command(), e);
    }
    answers =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    commands = new DataOutputStream(new BufferedOutputStream(process.getOutputStream(), 1 << 16));
    try {
      commands.writeUTF(expression);
      trace.writeTo(commands);
      commands.flush();
    } catch (IOException e) {
      close();
      throw new IllegalStateException("JVM for the replay ended at its start", e);
    }
  }

  /** The same JVM with the same options, so that those of the bench hold for the replay too. */
  private static List<String> command() {
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
    command.add(ReplayWorker.class.getName());
    return command;
  }

  /** Replays until the loop is compiled. */
  void warmUp() {
    ask(ReplayWorker.WARM_UP);
  }

  /** {@return the time that one replay took, in nanoseconds} */
  long round() {
    return ask(ReplayWorker.ROUND);
  }

  private long ask(int command) {
    try {
      commands.write(command);
      commands.flush();
      for (String line = answers.readLine(); line != null; line = answers.readLine()) {
        if (line.startsWith(ReplayWorker.ANSWER)) {
          return nanos(line.substring(ReplayWorker.ANSWER.length()));
        }
        err.println(line);
      }
      throw new IllegalStateException("JVM of the replay ended: exit=" + process.waitFor());
    } catch (IOException e) {
      throw new IllegalStateException("JVM of the replay cannot be reached", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static long nanos(String answer) {
    if (answer.startsWith(ReplayWorker.FAILED)) {
      throw new IllegalStateException("replay " + answer);
    }
    return Long.parseLong(answer);
  }

  /** Ends the JVM. */
  @Override
  public void close() {
    process.destroy();
  }
}
