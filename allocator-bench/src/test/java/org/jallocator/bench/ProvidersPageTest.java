package org.jallocator.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;
import javax.xml.parsers.DocumentBuilderFactory;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.stack.AllocatorStack;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/** docs/providers.md is a project that compiles, is found, and passes its own test. */
final class ProvidersPageTest {

  private static final String PACKAGE = "com.example.padded";

  @TempDir Path directory;

  private static String page() throws IOException {
    return Files.readString(Path.of("..", "docs", "providers.md"));
  }

  private static List<String> blocks(String language) throws IOException {
    Matcher fence =
        Pattern.compile("^```" + language + "\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE)
            .matcher(page());
    return fence.results().map(match -> match.group(1)).toList();
  }

  private static Document xml(String text) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** {@return the versions of the artifacts in elements of a name} */
  private static Map<String, String> versions(Document document, String tag) {
    Map<String, String> versions = new TreeMap<>();
    NodeList nodes = document.getElementsByTagName(tag);
    for (int i = 0; i < nodes.getLength(); i++) {
      Element element = (Element) nodes.item(i);
      versions.put(text(element, "artifactId"), text(element, "version"));
    }
    return versions;
  }

  private static String text(Element element, String tag) {
    Node found = element.getElementsByTagName(tag).item(0);
    return found == null ? "" : found.getTextContent();
  }

  /** {@return where an artifact of the test's own class path is} */
  private static List<String> entries(boolean processor) {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> !processor == !entry.matches(".*auto-service-[0-9.]*\\.jar"))
        .toList();
  }

  private List<Path> sources() throws IOException {
    List<Path> sources = new ArrayList<>();
    for (String block : blocks("java")) {
      Matcher type = Pattern.compile("final class (\\w+)").matcher(block);
      if (type.find()) {
        Path source = directory.resolve(type.group(1) + ".java");
        sources.add(Files.writeString(source, block));
      }
    }
    return sources;
  }

  private void compile() throws IOException {
    // The processor stands on the processor path alone, as its page says.
    String processors = System.getProperty("java.class.path");
    String classes = String.join(File.pathSeparator, entries(false));
    var messages = new StringWriter();
    var compiler = ToolProvider.getSystemJavaCompiler();
    try (var files = compiler.getStandardFileManager(null, null, null)) {
      List<String> options =
          List.of(
              "-d", directory.toString(), "-cp", classes, "-processorpath", processors, "-Xlint");
      boolean compiled =
          compiler
              .getTask(
                  messages,
                  files,
                  null,
                  options,
                  null,
                  files.getJavaFileObjectsFromPaths(sources()))
              .call();
      assertTrue(compiled, messages::toString);
    }
  }

  private URLClassLoader loader() throws IOException {
    return new URLClassLoader(
        new URL[] {directory.toUri().toURL()}, ProvidersPageTest.class.getClassLoader());
  }

  @Test
  void theProviderIsFoundWhereOnlyTheProcessorPathHasAutoService() throws Exception {
    compile();
    assertEquals(
        PACKAGE + ".PaddedProvider",
        Files.readString(
                directory.resolve("META-INF/services/" + AllocatorProvider.class.getName()))
            .strip());
    String expression = page().lines().toList().get(2).strip();
    assertTrue(page().contains("AllocatorStack.open(\"" + expression + "\")"), expression);
    try (URLClassLoader loader = loader();
        AllocatorStack stack = AllocatorStack.open(expression, loader)) {
      long address = stack.allocator().malloc(64);
      stack.allocator().free(address, 64);
      assertEquals(PACKAGE + ".PaddedAllocator", stack.allocator().getClass().getName());
    }
  }

  @Test
  void theAllocatorPassesTheContract() throws Exception {
    compile();
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    var summary = new SummaryGeneratingListener();
    try (URLClassLoader loader = loader()) {
      thread.setContextClassLoader(loader);
      Class<?> test = loader.loadClass(PACKAGE + ".PaddedAllocatorTest");
      LauncherFactory.create()
          .execute(
              LauncherDiscoveryRequestBuilder.request().selectors(selectClass(test)).build(),
              summary);
    } finally {
      thread.setContextClassLoader(before);
    }
    assertEquals(
        "",
        summary.getSummary().getFailures().stream()
            .map(
                failure ->
                    failure.getTestIdentifier().getDisplayName() + ": " + failure.getException())
            .collect(Collectors.joining("\n")));
    long succeeded = summary.getSummary().getTestsSucceededCount();
    assertTrue(succeeded > 20, succeeded + " tests succeeded");
  }

  @Test
  void theVersionsAreThoseOfThisBuild() throws Exception {
    Document parent = xml(Files.readString(Path.of("..", "pom.xml")));
    String ours = text(parent.getDocumentElement(), "version");
    Document shown = xml("<project>" + blocks("xml").get(0) + "</project>");
    Map<String, String> all = versions(shown, "dependency");
    String autoService = text(parent.getDocumentElement(), "auto-service.version");
    assertEquals(
        Map.of(
            "allocator-api", ours,
            "allocator-testkit", ours,
            "auto-service-annotations", autoService),
        all);
    assertEquals(Map.of("auto-service", autoService), versions(shown, "path"));
    assertEquals(
        versions(parent, "plugin").get("maven-compiler-plugin"),
        versions(shown, "plugin").get("maven-compiler-plugin"));
  }
}
