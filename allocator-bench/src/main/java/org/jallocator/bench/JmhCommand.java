package org.jallocator.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.openjdk.jmh.Main;
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
      "JMH parts the values of -p at every comma, stacks have commas: name such a stack,",
      "  jmh temporaryData -p stack=@mine -jvmArgsAppend",
      "    '-Dallocator.def.mine=fixedblock(blockSize=64,jna)'"
    })
final class JmhCommand implements Callable<Integer> {

  static final String NAME = "jmh";

  @Option(names = "--help", usageHelp = true, description = "Show this help; -h shows JMH's.")
  private boolean help;

  @Parameters(paramLabel = "ARGS", description = "JMH's arguments.")
  private List<String> arguments = new ArrayList<>();

  /** Runs JMH, which ends the JVM with exit code 1 if a benchmark fails. */
  @Override
  public Integer call() throws IOException {
    String[] args = arguments.toArray(String[]::new);
    try {
      new CommandLineOptions(args);
    } catch (CommandLineOptionException e) {
      throw new BadInputException("jmh: " + e.getMessage(), e);
    }
    Main.main(args);
    return 0;
  }
}
