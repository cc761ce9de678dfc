package org.jallocator.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jallocator.Allocator;
import org.jallocator.AllocatorConfigException;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.spi.Option;
import org.jallocator.stack.AllocatorProviders;
import org.jallocator.stack.AllocatorStack;
import org.jallocator.stack.Expressions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What README.md and docs/ say can be followed, built, and run. */
final class DocumentationTest {

  private static final Pattern NODE = Pattern.compile("@?[a-z][a-z0-9-]*(\\(.+\\))?");
  private static final Pattern OPENED = Pattern.compile("AllocatorStack\\.open\\(\"([^\"]*)\"\\)");
  private static final Pattern COMMAND =
      Pattern.compile("java -jar allocator-bench/target/allocator-bench\\.jar([^`#&\n]*)");
  private static final Pattern PROCESSOR = Pattern.compile("Intel|AMD|Apple|Ampere");

  @TempDir Path directory;

  private static String join(List<String> lines) {
    return String.join("\n", lines);
  }

  // ---------------------------------------------------------------- links

  private static List<String> brokenLinks(MarkdownPage page) throws IOException {
    List<String> broken = new ArrayList<>();
    for (String link : page.links()) {
      if (link.startsWith("https://")) {
        continue;
      }
      int hash = link.indexOf('#');
      String target = hash < 0 ? link : link.substring(0, hash);
      Path file = target.isEmpty() ? page.file : page.file.resolveSibling(target).normalize();
      boolean found = Files.exists(file);
      if (found && hash >= 0) {
        MarkdownPage to = target.isEmpty() ? page : new MarkdownPage(file, Files.readString(file));
        found = to.anchors().contains(link.substring(hash + 1));
      }
      if (!found) {
        broken.add(page + ": " + link);
      }
    }
    return broken;
  }

  @Test
  void everyLinkLeadsToAFileAndAHeadingThatExist() throws IOException {
    List<String> broken = new ArrayList<>();
    for (MarkdownPage page : MarkdownPage.all()) {
      broken.addAll(brokenLinks(page));
    }
    assertEquals("", join(broken));
  }

  @Test
  void aLinkToNoFileOrNoHeadingIsFound() throws IOException {
    MarkdownPage readme = MarkdownPage.of("README.md");
    String text = "# Here\n[a](#here) [b](#there) [c](docs/none.md) [d](LICENSE)\n";
    assertEquals(
        List.of("README.md: #there", "README.md: docs/none.md"),
        brokenLinks(new MarkdownPage(readme.file, text)));
  }

  // ---------------------------------------------------------------- expressions

  private static Map<String, String> properties(MarkdownPage page) throws IOException {
    Map<String, String> all = new TreeMap<>();
    for (MarkdownPage.Block block : page.blocks("properties")) {
      Properties properties = new Properties();
      properties.load(new StringReader(block.text()));
      properties.stringPropertyNames().forEach(key -> all.put(key, properties.getProperty(key)));
    }
    return all;
  }

  /** {@return the expressions of a page, wherever they stand} */
  private static List<String> expressions(MarkdownPage page) throws IOException {
    List<String> expressions = new ArrayList<>(properties(page).values());
    List<String> layers = Expressions.names();
    List<String> candidates = new ArrayList<>(page.code());
    page.blocks("").forEach(block -> candidates.add(block.text().strip()));
    page.blocks(MarkdownPage.INDENT).stream()
        .flatMap(block -> block.text().lines())
        .map(line -> line.replaceFirst(" {2,}.*", "")) // what stands beside it
        .forEach(candidates::add);
    for (String text : candidates) {
      String name = text.replaceFirst("\\(.*", "");
      boolean isCall = text.endsWith(")") && !text.contains("...") && layers.contains(name);
      if (NODE.matcher(text).matches() && (isCall || text.equals("@general"))) {
        expressions.add(text);
      }
    }
    page.blocks("java").stream()
        .flatMap(block -> OPENED.matcher(block.text()).results())
        .map(match -> match.group(1))
        .filter(text -> !text.startsWith("padded")) // ProvidersPageTest opens it
        .forEach(expressions::add);
    return expressions;
  }

  private static String problem(String expression, Map<String, String> properties) {
    try {
      Expressions.resolve(expression, properties);
      return "";
    } catch (AllocatorConfigException e) {
      return String.valueOf(e.getMessage());
    }
  }

  @TestFactory
  List<DynamicTest> everyExpressionResolves() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (MarkdownPage page : MarkdownPage.all()) {
      Map<String, String> properties = properties(page);
      for (String expression : expressions(page)) {
        tests.add(
            DynamicTest.dynamicTest(
                page + ": " + expression, () -> assertEquals("", problem(expression, properties))));
      }
    }
    assertTrue(tests.size() > 40, tests.size() + " expressions found");
    return tests;
  }

  @Test
  void everyPageOpensWithItsExpression() throws IOException {
    List<String> without = new ArrayList<>();
    for (MarkdownPage page : MarkdownPage.all()) {
      boolean opens = page.text.lines().limit(12).anyMatch(line -> line.matches(" {4}@?[a-z].*"));
      if (page.name().startsWith("docs/") && !opens) {
        without.add(page.name());
      }
    }
    assertEquals("", join(without));
  }

  @Test
  void theErrorsOfTheConfigurationPageAreThoseThatAreThrown() throws IOException {
    List<String> messages =
        MarkdownPage.of("docs/configuration.md").blocks("").stream()
            .map(MarkdownPage.Block::text)
            .filter(text -> text.contains("^^^"))
            .toList();
    assertEquals(2, messages.size());
    for (String message : messages) {
      String expression = message.lines().skip(1).findFirst().orElse("").strip();
      assertEquals(comparable(message), comparable(problem(expression, Map.of())));
    }
  }

  @Test
  void theDescriptionOfTheFirstStackIsWhatIsPrinted() throws IOException {
    List<String> shown =
        MarkdownPage.of("docs/getting-started.md").blocks("").stream()
            .map(MarkdownPage.Block::text)
            .filter(text -> text.startsWith("@general"))
            .toList();
    try (AllocatorStack stack = AllocatorStack.open("@general")) {
      Allocator allocator = stack.allocator();
      allocator.free(allocator.malloc(48)); // as the code above it does
      assertEquals(shown, List.of(stack.describe() + "\n"));
    }
  }

  /** {@return a message without where the expression is from and which modules there are} */
  private static String comparable(String message) {
    return message
        .replaceFirst("system property 'allocator.stack'", "the expression")
        .replaceFirst("the documentation", "the expression")
        .replaceFirst("Available: .*", "Available")
        .strip();
  }

  // ---------------------------------------------------------------- code and commands

  @TestFactory
  List<DynamicTest> theJavaOfEveryPageCompiles() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (MarkdownPage page : MarkdownPage.all()) {
      if (!page.blocks("java").isEmpty()) {
        tests.add(
            DynamicTest.dynamicTest(
                page.name(),
                () -> assertEquals("", Snippets.compile(page.blocks("java"), directory))));
      }
    }
    return tests;
  }

  private static List<String> commands(String text) {
    return COMMAND
        .matcher(text)
        .results()
        .map(match -> match.group(1).strip())
        .collect(Collectors.toList());
  }

  private static String misuse(String arguments) {
    try {
      Bench.commandLine().parseArgs(arguments.isEmpty() ? new String[0] : arguments.split(" +"));
      return "";
    } catch (CommandLine.ParameterException e) {
      return arguments + ": " + e.getMessage();
    }
  }

  @Test
  void everyCommandOfTheBenchIsOne() throws IOException {
    List<String> wrong = new ArrayList<>();
    int found = 0;
    for (MarkdownPage page : MarkdownPage.all()) {
      for (String command : commands(page.text)) {
        found++;
        String misuse = misuse(command);
        if (!misuse.isEmpty()) {
          wrong.add(page + ": " + misuse);
        }
      }
    }
    assertEquals("", join(wrong));
    assertTrue(found > 10, found + " commands found");
  }

  @Test
  void everyTableOfFiguresNamesItsCommandAndItsProcessor() throws IOException {
    List<String> without = new ArrayList<>();
    for (MarkdownPage page : MarkdownPage.all()) {
      for (MarkdownPage.Table table : page.tables()) {
        long figures =
            table.rows().stream()
                .flatMap(List::stream)
                .filter(cell -> cell.matches("[0-9]+\\.[0-9]+"))
                .count();
        if (figures >= 3 && !isSourced(table)) {
          without.add(page + ": " + table.heading());
        }
      }
    }
    assertEquals("", join(without));
  }

  private static boolean isSourced(MarkdownPage.Table table) {
    List<String> column = table.column("command");
    if (!column.isEmpty()) {
      return column.stream().allMatch(cell -> misuse(cell.replace("`", "")).isEmpty());
    }
    return !commands(table.before()).isEmpty() && PROCESSOR.matcher(table.before()).find();
  }

  // ---------------------------------------------------------------- layers

  private static Map<String, AllocatorProvider> providers() {
    return AllocatorProviders.load().all().stream()
        .collect(
            Collectors.toMap(
                AllocatorProvider::name, provider -> provider, (a, b) -> a, TreeMap::new));
  }

  @Test
  void theReadmeHasARowForEveryLayer() throws IOException {
    MarkdownPage.Table table =
        MarkdownPage.of("README.md").tables().stream()
            .filter(each -> each.heading().equals("Which layer when"))
            .findFirst()
            .orElseThrow();
    String cells = join(table.column("layer"));
    List<String> missing =
        Expressions.names().stream().filter(name -> !cells.contains("`" + name + "`")).toList();
    assertEquals(List.of(), missing);
  }

  @Test
  void theOptionsOfThePagesAreThoseOfTheProviders() throws IOException {
    Map<String, AllocatorProvider> providers = providers();
    int compared = 0;
    for (MarkdownPage page : MarkdownPage.all()) {
      String layer = page.file.getFileName().toString().replace(".md", "");
      for (MarkdownPage.Table table : page.tables()) {
        String name = providers.containsKey(table.heading()) ? table.heading() : layer;
        AllocatorProvider provider = providers.get(name);
        if (table.column("option").isEmpty() || provider == null) {
          continue;
        }
        assertEquals(
            provider.options().stream()
                .map(DocumentationTest::cells)
                .collect(Collectors.joining("\n")),
            rows(table),
            page + ": " + name);
        compared++;
      }
    }
    assertTrue(compared >= 6, compared + " tables compared");
  }

  @Test
  void thePageOfALayerNamesTheModuleThatHasIt() throws IOException {
    List<String> without = new ArrayList<>();
    int pages = 0;
    for (MarkdownPage page : MarkdownPage.all()) {
      AllocatorProvider provider =
          providers().get(page.file.getFileName().toString().replace(".md", ""));
      if (provider != null && page.name().startsWith("docs/layers/")) {
        String name = provider.getClass().getPackageName();
        String module = "org.jallocator:allocator-" + name.substring(name.lastIndexOf('.') + 1);
        pages++;
        if (!page.text.contains("\nMaven module: `" + module + "`.")) {
          without.add(page + ": " + module);
        }
      }
    }
    assertEquals("", join(without));
    assertTrue(pages > 10, pages + " pages found");
  }

  private static String rows(MarkdownPage.Table table) {
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < table.column("option").size(); i++) {
      rows.add(table.column("option").get(i) + " " + table.column("default").get(i));
    }
    return join(rows);
  }

  private static String cells(Option<?> option) {
    Object value = option.defaultValue();
    if (value.equals(Long.MAX_VALUE)) {
      return "`" + option.name() + "` none";
    }
    String shown =
        option.type() == Option.Type.SIZE ? ListCommand.size((Long) value) : value.toString();
    return "`" + option.name() + "` " + (shown.isEmpty() ? "none" : "`" + shown + "`");
  }

  @Test
  void theReadmeFitsAScreenOrTwo() throws IOException {
    long lines = MarkdownPage.of("README.md").text.lines().count();
    assertTrue(lines <= 115, lines + " lines");
  }

  @Test
  void theVersionOfTheReadmeIsThatOfThisBuild() throws IOException {
    Matcher version =
        Pattern.compile("<artifactId>allocator-bom</artifactId><version>([^<]*)</version>")
            .matcher(MarkdownPage.of("README.md").text);
    assertTrue(version.find());
    assertTrue(
        Files.readString(Path.of("..", "pom.xml"))
            .contains("<version>" + version.group(1) + "</version>"),
        version.group(1));
  }
}
