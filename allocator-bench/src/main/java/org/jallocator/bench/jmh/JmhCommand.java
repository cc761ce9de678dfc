package org.jallocator.bench.jmh;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jallocator.bench.console.BadInputException;
import org.openjdk.jmh.runner.NoBenchmarksException;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Hands its arguments to JMH. */
@Command(
    name = JmhCommand.NAME,
    description = "Runs JMH's own command line: all arguments are JMH's, such as -l, -h, -prof gc.",
    footer = {
      "",
      "JMH parts the values of -p at every comma, and stacks have commas. Name such a stack:",
      "",
      "  java '-Dallocator.def.mine=fixedblock(blockSize=64, jna)' \\",
      "    -jar allocator-bench.jar jmh temporaryData -p stack=@mine"
    })
public final class JmhCommand implements Callable<Integer> {

  public static final String NAME = "jmh";

  @Option(names = "--help", usageHelp = true, description = "Show this help; -h shows JMH's.")
  @SuppressWarnings("unused") // picocli acts on it
  private boolean help;

  @Parameters(paramLabel = "ARGS", description = "JMH's arguments.")
  private List<String> arguments = new ArrayList<>();

  @Override
  public Integer call() throws IOException, RunnerException {
    try {
      run(new CommandLineOptions(arguments.toArray(String[]::new)));
    } catch (CommandLineOptionException e) {
      throw new BadInputException("jmh: " + e.getMessage(), e);
    } catch (NoBenchmarksException e) {
      throw new BadInputException("jmh: no benchmark matches: " + String.join(" ", arguments), e);
    }
    return 0;
  }

  /** Does what JMH's main does, but leaves the end of the JVM to the bench. */
  private static void run(CommandLineOptions options) throws IOException, RunnerException {
    if (options.shouldHelp()) {
      options.showHelp();
    } else if (options.shouldListProfilers()) {
      options.listProfilers();
    } else if (options.shouldListResultFormats()) {
      options.listResultFormats();
    } else if (options.shouldListWithParams()) {
      new Runner(options).listWithParams(options);
    } else if (options.shouldList()) {
      new Runner(options).list();
    } else {
      new Runner(options).run();
    }
  }
}
