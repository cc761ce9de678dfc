package org.jallocator.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jallocator.bench.cgoalloc.CgoallocCommand;
import org.jallocator.bench.jna.JnaCommand;
import org.jallocator.bench.mixed.MixedCommand;
import org.jallocator.bench.replay.LargeCommand;
import org.jallocator.bench.replay.ReplayCommand;
import org.jallocator.bench.report.CommonOptions;
import org.jallocator.bench.threads.ThreadsCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs every command that measures, and writes one page of all. */
@Command(
    name = ReportCommand.NAME,
    mixinStandardHelpOptions = true,
    description = "Runs every command below and writes one page of what they found.",
    footer = {
      "",
      "The commands are replay, reference, threads, mixed, large and jna, each with --quick, and"
          + " with --native where they have it if it is given here. Takes about six minutes.",
      "",
      "The page goes to " + ReportCommand.PAGE + " unless --html says where.",
      "",
      "JSON: the rows of all commands in one array, each with the title of its report as report."
    })
final class ReportCommand implements Callable<Integer> {

  static final String NAME = "report";

  static final String PAGE = "allocator-bench.html";

  /** The commands, in the order of the page. */
  private static final List<String> PARTS =
      List.of(
          ReplayCommand.NAME,
          CgoallocCommand.NAME,
          ThreadsCommand.NAME,
          MixedCommand.NAME,
          LargeCommand.NAME,
          JnaCommand.NAME);

  @Option(
      names = "--only",
      paramLabel = "COMMAND",
      description = "Run this command alone; may be given again.")
  private List<String> only = new ArrayList<>();

  @Option(names = "--native", description = "Pass it on to every command that has it.")
  private boolean nativeToo;

  @Mixin private CommonOptions common = new CommonOptions();

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    List<CommonOptions.Measuring<Exception>> works = new ArrayList<>();
    for (String part : only.isEmpty() ? PARTS : only) {
      works.add(work(part));
    }
    return common.report(works, PAGE);
  }

  private CommonOptions.Measuring<Exception> work(String part) {
    CommandLine command = spec.parent().subcommands().get(part);
    if (command == null || !(command.getCommand() instanceof CommonOptions.Measuring<?> work)) {
      throw new CommandLine.ParameterException(
          spec.commandLine(),
          "--only is no command that measures: " + part + " (" + String.join(", ", PARTS) + ")");
    }
    List<String> arguments = new ArrayList<>(List.of("--quick"));
    if (nativeToo && command.getCommandSpec().findOption("--native") != null) {
      arguments.add("--native");
    }
    command.parseArgs(arguments.toArray(String[]::new));
    return work::measure;
  }
}
