package org.jallocator.bench;

import java.util.concurrent.Callable;
import org.jallocator.AllocatorConfigException;
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
    description = "Measures stacks of native-memory allocators against C's malloc called through JNA.",
    footer = {"", "Without a command: replay on the bundled traces."},
    subcommands = {
      ReplayCommand.class,
      ReferenceCommand.class,
      ListCommand.class,
      JmhCommand.class
    })
public final class Bench implements Callable<Integer> {

  private static final int BAD_INPUT = CommandLine.ExitCode.USAGE;

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
  static CommandLine commandLine() {
    CommandLine commandLine = new CommandLine(new Bench());
    // A stack may be written as @name, and a word of it in quotes.
    commandLine.setExpandAtFiles(false);
    commandLine.setParameterExceptionHandler(Bench::misused);
    commandLine.setExecutionExceptionHandler(Bench::failed);
    commandLine
        .getSubcommands()
        .get(JmhCommand.NAME)
        .setUnmatchedOptionsArePositionalParams(true);
    return commandLine;
  }

  /** Replays the bundled traces. */
  @Override
  public Integer call() {
    return spec.commandLine().getSubcommands().get(ReplayCommand.NAME).execute();
  }

  private static int misused(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    StringBuilder message = new StringBuilder(e.getMessage());
    if (e instanceof UnmatchedArgumentException unmatched && !unmatched.getSuggestions().isEmpty()) {
      message.append("; nearest: ").append(String.join(", ", unmatched.getSuggestions()));
    }
    message.append("; see ").append(command.getCommandSpec().qualifiedName()).append(" --help");
    return complain(command, message.toString(), BAD_INPUT);
  }

  private static int failed(Exception e, CommandLine command, ParseResult parsed) {
    if (e instanceof BadInputException || e instanceof AllocatorConfigException) {
      return complain(command, e.getMessage(), BAD_INPUT);
    }
    if (Boolean.getBoolean("allocator.bench.debug")) {
      e.printStackTrace(command.getErr());
    }
    return complain(
        command,
        e + " (-Dallocator.bench.debug=true shows where)",
        CommandLine.ExitCode.SOFTWARE);
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
