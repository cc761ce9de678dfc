package org.jallocator.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README shows is what happens. */
final class ReadmeTest {

  private static String readme() throws IOException {
    return Files.readString(Path.of("..", "README.md"));
  }

  /** {@return the first fenced block of a language} */
  private static String block(String language) throws IOException {
    Matcher fence =
        Pattern.compile("^```" + language + "\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE)
            .matcher(readme());
    assertTrue(fence.find(), () -> "no block of " + language);
    return fence.group(1);
  }

  @Test
  void theExampleCompilesAndRuns(@TempDir Path dir) throws Exception {
    Path source = Files.writeString(dir.resolve("Example.java"), block("java"));
    var messages = new StringWriter();
    var compiler = ToolProvider.getSystemJavaCompiler();
    try (var files = compiler.getStandardFileManager(null, null, null)) {
      boolean compiled =
          compiler
              .getTask(
                  messages,
                  files,
                  null,
                  List.of("-d", dir.toString(), "-cp", System.getProperty("java.class.path")),
                  null,
                  files.getJavaFileObjects(source))
              .call();
      assertTrue(compiled, messages::toString);
    }
    assertTrue(
        block("java").lines().filter(line -> !line.isBlank() && !line.startsWith("import")).count()
            <= 15,
        "the example is longer than 15 lines");
    String printed = run(dir);
    assertEquals("hello, C 42", printed.lines().findFirst().orElse(""));
    assertTrue(printed.contains("sizeclass"), printed);
  }

  private static String run(Path dir) throws Exception {
    PrintStream out = System.out;
    var printed = new ByteArrayOutputStream();
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try (var loader =
        new URLClassLoader(new URL[] {dir.toUri().toURL()}, ReadmeTest.class.getClassLoader())) {
      Class<?> example = loader.loadClass("Example");
      example.getMethod("main", String[].class).invoke(null, (Object) new String[0]);
    } finally {
      System.setOut(out);
    }
    return printed.toString(StandardCharsets.UTF_8);
  }
}
