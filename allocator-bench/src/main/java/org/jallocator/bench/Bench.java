package org.jallocator.bench;

import java.util.Objects;
import java.util.ServiceConfigurationError;
import java.util.concurrent.Callable;
import org.jallocator.AllocatorConfigException;
import org.jallocator.bench.cgoalloc.CgoallocCommand;
import org.jallocator.bench.compare.CompareCommand;
import org.jallocator.bench.console.BadInputException;
import org.jallocator.bench.jmh.JmhCommand;
import org.jallocator.bench.jna.JnaCommand;
import org.jallocator.bench.mixed.MixedCommand;
import org.jallocator.bench.replay.LargeCommand;
import org.jallocator.bench.replay.ReplayCommand;
import org.jallocator.bench.threads.ThreadsCommand;
import org.openjdk.jmh.runner.RunnerException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The bench's command line. Without arguments it replays the bundled traces.
 *
 * <p>Results go to stdout, all else to stderr. Exit codes: 0, done; 2, the user gave something that
 * cannot be used, and one message says what; 1, anything else.
 */
@Command(
    name = "allocator-bench",
    mixinStandardHelpOptions = true,
    versionProvider = Bench.Version.class,
    description =
        "Measures stacks of native-memory allocators against C's malloc called through JNA.",
    footer = {"", "Without a command: replay on the bundled traces."},
    subcommands = {
      ReplayCommand.class,
      CgoallocCommand.class,
      ThreadsCommand.class,
      MixedCommand.class,
      LargeCommand.class,
      JnaCommand.class,
      ReportCommand.class,
      CompareCommand.class,
      ListCommand.class,
      JmhCommand.class
    })
public final class Bench implements Callable<Integer> {

  private static final int BAD_INPUT = CommandLine.ExitCode.USAGE;

  private static final String DEBUG = "allocator.bench.debug";

  @Spec private CommandSpec spec;

  private Bench() {}

  /**
   * Runs one command and ends the JVM with its exit code.
   *
   * @param args the command and its arguments
   */
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  /** {@return the command line, ready to execute, writing to stdout and stderr} */
  public static CommandLine commandLine() {
    CommandLine commandLine = new CommandLine(new Bench());
    // @name is a named part of a stack here, not a file of arguments.
    commandLine.setExpandAtFiles(false);
    commandLine.setExecutionStrategy(Bench::execute);
    commandLine.setParameterExceptionHandler(Bench::misused);
    commandLine.setExecutionExceptionHandler(Bench::failed);
    subcommand(commandLine, JmhCommand.NAME).setUnmatchedOptionsArePositionalParams(true);
    return commandLine;
  }

  /** Replays the bundled traces. */
  @Override
  public Integer call() {
    return subcommand(spec.commandLine(), ReplayCommand.NAME).execute();
  }

  private static CommandLine subcommand(CommandLine commandLine, String name) {
    return Objects.requireNonNull(commandLine.getSubcommands().get(name), name);
  }

  private static int misused(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    StringBuilder message = new StringBuilder(e.getMessage());
    if (e instanceof UnmatchedArgumentException unmatched
        && !unmatched.getSuggestions().isEmpty()) {
      message.append("; nearest: ").append(String.join(", ", unmatched.getSuggestions()));
    }
    message.append("; see ").append(command.getCommandSpec().qualifiedName()).append(" --help");
    return complain(command, message.toString(), BAD_INPUT);
  }

  private static int failed(Exception e, CommandLine command, ParseResult parsed) {
    if (e instanceof BadInputException || e instanceof AllocatorConfigException) {
      return complain(command, String.valueOf(e.getMessage()), BAD_INPUT);
    }
    return broken(command, e, e instanceof RunnerException jmh ? reasonOf(jmh) : e.toString());
  }

  /** Runs a command; what the JVM or a provider throws is no stack trace for the user either. */
  private static int execute(ParseResult parsed) {
    try {
      return new CommandLine.RunLast().execute(parsed);
    } catch (LinkageError | ServiceConfigurationError | VirtualMachineError e) {
      return broken(parsed.commandSpec().commandLine(), e, e.toString());
    }
  }

  /** JMH hides what a benchmark threw among what is suppressed in the cause. */
  private static String reasonOf(RunnerException e) {
    StringBuilder reason = new StringBuilder(String.valueOf(e.getMessage()));
    Throwable cause = e.getCause();
    if (cause != null) {
      for (Throwable thrown : cause.getSuppressed()) {
        reason.append(": ").append(thrown);
      }
    }
    return reason.toString();
  }

  private static int broken(CommandLine command, Throwable e, String message) {
    if (Boolean.getBoolean(DEBUG)) {
      e.printStackTrace(command.getErr());
    }
    return complain(
        command, message + " (-D" + DEBUG + "=true shows where)", CommandLine.ExitCode.SOFTWARE);
  }

  private static int complain(CommandLine command, String message, int exitCode) {
    command.getErr().println("allocator-bench: " + message);
    command.getErr().flush();
    return exitCode;
  }

  /** The version in the jar's manifest, and the JVM's. */
  static final class Version implements IVersionProvider {

    @Override
    public String[] getVersion() {
      String version = Bench.class.getPackage().getImplementationVersion();
      return new String[] {
        "allocator-bench " + (version == null ? "(not from a jar)" : version),
        "Java " + Runtime.version() + ", " + System.getProperty("java.vm.name")
      };
    }
  }
}
