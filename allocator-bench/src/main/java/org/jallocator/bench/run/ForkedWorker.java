package org.jallocator.bench.run;

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
import org.jallocator.bench.natives.NativeProgram;

/**
 * A process of its own that measures one thing, round by round as the bench asks: a JVM, or the C
 * program of {@link NativeProgram}.
 *
 * <p>A JVM of its own, because the compiler inlines an allocator into the loop only while that loop
 * has seen few classes: in one JVM the stack measured third would pay for the two before it. Driven
 * from here, because rounds of several stacks then take turns, and what disturbs the machine for a
 * while disturbs them alike.
 *
 * <p>It reads what it is asked from stdin and answers each question with one line on stdout, the
 * {@link #ANSWER} and a number behind it, or {@link #FAILED} and the reason. It ends when stdin
 * does, and so never outlives the bench.
 *
 * <p>Confined to its owner thread. Price: about half a second for the JVM, and the warm-up.
 */
public final class ForkedWorker implements AutoCloseable {

  /** Begins an answer: a JVM prints warnings to stdout too. */
  public static final String ANSWER = "@answer ";

  /** Begins the answer of a JVM that failed; the reason follows. */
  public static final String FAILED = "failed: ";

  private static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";

  /** The peers use Unsafe, and newer JVMs would say so in every fork. */
  private static final String UNSAFE_ACCESS = "--sun-misc-unsafe-memory-access=allow";

  private static final int FIRST_JDK_WITH_UNSAFE_ACCESS = 23;

  private final String work;
  private final Process process;
  private final DataOutputStream commands;
  private final BufferedReader answers;
  private final PrintWriter err;

  /** What is written to the process. */
  public interface Message {
    void writeTo(DataOutputStream out) throws IOException;
  }

  /**
   * Starts the process and hands it its work.
   *
   * @param work what it does, as failures call it
   * @param builder the program that does it
   * @param task what that program reads first
   * @param err where anything else goes that it prints
   */
  public ForkedWorker(String work, ProcessBuilder builder, Message task, PrintWriter err) {
    this.work = work;
    this.err = err;
    try {
      process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    } catch (IOException e) {
      throw new IllegalStateException(
          "process for the " + work + " cannot be started: " + builder.command(), e);
    }
    answers =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    commands = new DataOutputStream(new BufferedOutputStream(process.getOutputStream(), 1 << 16));
    try {
      task.writeTo(commands);
      commands.flush();
    } catch (IOException e) {
      // The process has ended. Why, it may have answered: the first question reads that.
    }
  }

  /** The same JVM with the same options, so that those of the bench hold for the work too. */
  public static ProcessBuilder jvm(Class<?> main) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    for (String option : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
      if (!option.startsWith("-agentlib:jdwp") && !option.startsWith("-Xrunjdwp")) {
        command.add(option);
      }
    }
    command.add(NATIVE_ACCESS);
    if (Runtime.version().feature() >= FIRST_JDK_WITH_UNSAFE_ACCESS) {
      command.add(UNSAFE_ACCESS);
    }
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(main.getName());
    return new ProcessBuilder(command);
  }

  /** {@return the number that a question is answered with} */
  public long ask(Message question) {
    try {
      question.writeTo(commands);
      commands.flush();
    } catch (IOException e) {
      // As above.
    }
    try {
      for (String line = answers.readLine(); line != null; line = answers.readLine()) {
        if (line.startsWith(ANSWER)) {
          return number(line.substring(ANSWER.length()));
        }
        err.println(line);
      }
      throw new IllegalStateException(
          "process of the " + work + " ended: exit=" + process.waitFor());
    } catch (IOException e) {
      throw new IllegalStateException("process of the " + work + " cannot be reached", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private long number(String answer) {
    if (answer.startsWith(FAILED)) {
      throw new IllegalStateException(work + " " + answer);
    }
    return Long.parseLong(answer);
  }

  /** Answers the bench, in the JVM that it started. */
  public static void answer(long number) {
    answer(String.valueOf(number));
  }

  /** Tells the bench why there is no answer, in the JVM that it started. */
  public static void fail(Throwable reason) {
    answer(FAILED + reason);
  }

  private static void answer(String text) {
    System.out.println(ANSWER + text.replaceAll("\\s+", " "));
    System.out.flush();
  }

  /** Ends the process. */
  @Override
  public void close() {
    process.destroy();
  }
}
