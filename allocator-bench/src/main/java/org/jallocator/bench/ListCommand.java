package org.jallocator.bench;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jallocator.bench.console.ResultTable;
import org.jallocator.bench.console.TextTable;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.spi.AllocatorProvider.InnerLayer;
import org.jallocator.spi.Option;
import org.jallocator.stack.AllocatorProviders;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Lists what a stack can be made of. */
@Command(
    name = "list",
    mixinStandardHelpOptions = true,
    description = "Lists the allocators found: their inner layers, and their options.")
final class ListCommand implements Callable<Integer> {

  private static final String INDENT = "    ";

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    AllocatorProviders providers = AllocatorProviders.load();
    for (AllocatorProvider provider : providers.all()) {
      out.println(describe(provider));
    }
    providers.broken().forEach(line -> out.println("cannot be used: " + line));
    out.flush();
    return 0;
  }

  private static String describe(AllocatorProvider provider) {
    StringBuilder text = new StringBuilder();
    TextTable.lines(provider.name() + ": " + provider.description(), ResultTable.WIDTH)
        .forEach(line -> text.append(line).append('\n'));
    List<InnerLayer> layers = provider.innerLayers();
    if (layers.isEmpty()) {
      text.append(INDENT).append("a leaf: no inner layer\n");
    }
    for (InnerLayer layer : layers) {
      text.append(INDENT).append("inner layer: ").append(layer.role());
      text.append(layer.owning() ? ", which must be owning\n" : "\n");
    }
    return text.append(options(provider.options())).toString();
  }

  private static String options(List<Option<?>> options) {
    if (options.isEmpty()) {
      return INDENT + "no options\n";
    }
    TextTable table = new TextTable(4, "option", "type", "default", "range");
    for (Option<?> option : options) {
      table.row(
          option.name(),
          option.type().name().toLowerCase(Locale.ROOT),
          value(option, option.defaultValue()),
          range(option));
    }
    List<String> rows = table.render().lines().toList();
    StringBuilder text = new StringBuilder(INDENT + rows.get(0) + "\n");
    for (int i = 0; i < options.size(); i++) {
      text.append(INDENT).append(rows.get(i + 1)).append('\n');
      String description = options.get(i).description();
      TextTable.lines(description, ResultTable.WIDTH - 2 * INDENT.length())
          .forEach(line -> text.append(INDENT.repeat(2)).append(line).append('\n'));
    }
    return text.toString();
  }

  private static String range(Option<?> option) {
    return switch (option.type()) {
      case SIZE, NUMBER ->
          option.max() == Long.MAX_VALUE
              ? "from " + value(option, option.min())
              : value(option, option.min()) + " to " + value(option, option.max());
      case FLAG -> "true, false";
      case WORD -> String.join(", ", option.words());
      case TEXT -> "any";
    };
  }

  /** {@return a value as an expression has it} */
  private static String value(Option<?> option, Object value) {
    return switch (option.type()) {
      case SIZE -> value.equals(Long.MAX_VALUE) ? "none" : size((Long) value);
      case TEXT -> "'" + value + "'";
      default -> value.toString();
    };
  }

  /** {@return a size in the largest unit that leaves no rest} */
  static String size(long bytes) {
    String[] units = {"", "KiB", "MiB", "GiB"};
    int unit = 0;
    long number = bytes;
    while (number != 0 && number % 1024 == 0 && unit < units.length - 1) {
      number /= 1024;
      unit++;
    }
    return number + units[unit];
  }
}
