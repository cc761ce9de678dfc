package org.jallocator.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/** What is published is whole: the BOM, the POMs, and the metadata for native images. */
final class PublishedTest {

  private static final Path ROOT = Path.of("..");

  private static Element pom(String module) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(ROOT.resolve(module).resolve("pom.xml").toFile())
        .getDocumentElement();
  }

  /** {@return the text of a child; empty if there is none} */
  private static String child(Element element, String name) {
    for (Node node = element.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node.getNodeName().equals(name)) {
        return node.getTextContent().strip();
      }
    }
    return "";
  }

  /** {@return the modules in the reactor, those of profiles too} */
  private static Set<String> modules() throws IOException {
    return Pattern.compile("<module>([^<]*)</module>")
        .matcher(Files.readString(ROOT.resolve("pom.xml")))
        .results()
        .map(match -> match.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static boolean isPublished(String module) throws Exception {
    return pom(module).getElementsByTagName("maven.deploy.skip").getLength() == 0;
  }

  @Test
  void theBomHasEveryPublishedModuleInTheVersionOfThisBuild() throws Exception {
    String version = child(pom("."), "version");
    Map<String, String> expected = new TreeMap<>();
    for (String module : modules()) {
      if (isPublished(module) && !module.equals("allocator-bom")) {
        expected.put(module, version);
      }
    }
    Map<String, String> found = new TreeMap<>();
    var dependencies = pom("allocator-bom").getElementsByTagName("dependency");
    for (int i = 0; i < dependencies.getLength(); i++) {
      Element each = (Element) dependencies.item(i);
      found.put(child(each, "artifactId"), child(each, "version"));
    }
    assertEquals(expected, found);
    assertEquals(version, child(pom("allocator-bom"), "version"));
  }

  @Test
  void everyPomHasWhatARepositoryAsksFor() throws Exception {
    for (String module : modules()) {
      assertFalse(child(pom(module), "name").isEmpty(), module);
      assertFalse(child(pom(module), "description").isEmpty(), module);
    }
    // The others inherit these.
    for (String module : List.of(".", "allocator-bom")) {
      for (String element : List.of("url", "licenses", "developers", "scm")) {
        assertFalse(child(pom(module), element).isEmpty(), module + ": " + element);
      }
    }
    Matcher home =
        Pattern.compile("<project.home>(.*)</project.home>")
            .matcher(Files.readString(ROOT.resolve("pom.xml")));
    assertTrue(home.find());
    assertEquals(home.group(1), child(pom("allocator-bom"), "url"));
  }

  // ---------------------------------------------------------------- native images

  private static List<Map<String, Object>> reflection() throws IOException {
    List<Map<String, Object>> entries = new ArrayList<>();
    try (Stream<Path> modules = Files.list(ROOT)) {
      for (Path module : modules.sorted().toList()) {
        String name = module.getFileName().toString();
        Path file =
            module.resolve(
                "src/main/resources/META-INF/native-image/org.jallocator/"
                    + name
                    + "/reflect-config.json");
        if (Files.exists(file)) {
          for (Object entry : JSON.std.listFrom(Files.readString(file))) {
            @SuppressWarnings("unchecked")
            Map<String, Object> map = (Map<String, Object>) entry;
            entries.add(map);
          }
        }
      }
    }
    return entries;
  }

  @Test
  void theMetadataForNativeImagesNamesEveryProvider() throws IOException {
    String named =
        reflection().stream()
            .map(entry -> String.valueOf(entry.get("name")))
            .collect(Collectors.joining("\n"));
    ClassLoader loader = PublishedTest.class.getClassLoader();
    int providers = 0;
    for (String service :
        List.of("AllocatorProvider", "AllocatorListener", "NativeAccess", "ProcessFence")) {
      for (URL url :
          Collections.list(
              loader.getResources("META-INF/services/org.jallocator.spi." + service))) {
        try (InputStream in = url.openStream()) {
          String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
          for (String provider : text.lines().toList()) {
            providers++;
            boolean ours = !provider.startsWith("org.jallocator.bench");
            assertTrue(!ours || named.contains(provider), provider);
          }
        }
      }
    }
    assertTrue(providers >= 10, providers + " providers found");
  }

  @Test
  void theMetadataForNativeImagesNamesNothingThatDoesNotExist() throws Exception {
    for (Map<String, Object> entry : reflection()) {
      String name = String.valueOf(entry.get("name"));
      Class<?> type = Class.forName(name, false, PublishedTest.class.getClassLoader());
      for (Object method : (List<?>) entry.getOrDefault("methods", List.of())) {
        Object methodName = ((Map<?, ?>) method).get("name");
        boolean exists =
            "<init>".equals(methodName)
                || Arrays.stream(type.getDeclaredMethods())
                    .anyMatch(each -> each.getName().equals(methodName))
                || "isVirtual".equals(methodName); // from JDK 21 on
        assertTrue(exists, name + "." + methodName);
      }
    }
  }
}
