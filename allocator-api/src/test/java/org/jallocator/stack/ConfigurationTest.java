package org.jallocator.stack;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.jallocator.stack.found.LeafProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From where a stack is configured: the order of the places, and what is wrong with files. */
class ConfigurationTest {

  private final StackFixture fixture = new StackFixture();

  @TempDir Path directory;

  private String opened() {
    try (AllocatorStack stack = fixture.open()) {
      return stack.toString();
    }
  }

  private String opened(String expression) {
    try (AllocatorStack stack = fixture.open(expression)) {
      return stack.describe().replaceAll(": [^\n]*", "");
    }
  }

  private String refused() {
    return StackFixture.messageOf(() -> fixture.open().close())
        .replace(directory.toUri().toString(), "file:///DIR/")
        .replace(directory.toString(), "/DIR");
  }

  private void setFile(String text) throws IOException {
    Path path = directory.resolve("stack.properties");
    Files.writeString(path, text);
    fixture.properties.put("allocator.config", path.toString());
  }

  private void addResource(String jar, String text) {
    fixture.loaders.add(new IsolatedLoader(directory).withFile(jar, "allocator.properties", text));
  }

  @Test
  void asksTheSystemPropertyThenTheEnvironmentThenTheFileThenTheClassPathThenTakesJna()
      throws IOException {
    fixture.properties.put("allocator.stack", "arena(arena(arena(arena(jna))))");
    fixture.variables.put("ALLOCATOR_STACK", "arena(arena(arena(jna)))");
    setFile("allocator.stack = arena(arena(jna))");
    addResource("one", "allocator.stack = arena(jna)");
    assertEquals("arena(arena(arena(arena(jna))))", opened());
    fixture.properties.remove("allocator.stack");
    assertEquals("arena(arena(arena(jna)))", opened());
    fixture.variables.clear();
    assertEquals("arena(arena(jna))", opened());
    fixture.properties.clear();
    assertEquals("arena(jna)", opened());
    fixture.loaders.clear();
    assertEquals("jna", opened());
  }

  @Test
  void takesNamedPartsFromTheSystemPropertiesThenTheFileThenTheClassPath() throws IOException {
    fixture.properties.put("allocator.def.pool", "arena(chunkSize=3K, jna)");
    fixture.variables.put("allocator.def.pool", "arena(chunkSize=9K, jna)");
    setFile("allocator.def.pool = arena(chunkSize=2K, jna)");
    addResource("one", "allocator.def.pool = arena(chunkSize=1K, jna)");
    assertEquals("@pool = arena(chunkSize=3KiB)\n  jna", opened("@pool"));
    fixture.properties.remove("allocator.def.pool");
    assertEquals("@pool = arena(chunkSize=2KiB)\n  jna", opened("@pool"));
    fixture.properties.clear();
    assertEquals("@pool = arena(chunkSize=1KiB)\n  jna", opened("@pool"));
  }

  @Test
  void looksUpEachNameByItself() throws IOException {
    fixture.properties.put("allocator.def.top", "arena(@middle)");
    setFile("allocator.def.middle = fixedblock(@bottom)");
    addResource("one", "allocator.def.bottom = jna\nallocator.stack = @top");
    assertEquals("@top", opened());
    assertEquals("@top = arena\n  @middle = fixedblock\n    @bottom = jna", opened("@top"));
    assertEquals(
        """
        Undefined part '@nothing' at column 1 of the expression:
            @nothing
            ^^^^^^^^
          Available: @bottom, @general, @middle, @top.
          (A part is defined by a system property or a line in a properties file:\
         allocator.def.nothing=...)""",
        fixture.refusal("@nothing"));
  }

  @Test
  void readsNoFileWhileAHigherPlaceAnswers() {
    fixture.properties.put("allocator.config", "no such file");
    addResource("one", "nonsense");
    assertEquals("arena\n  jna", opened("arena(jna)"));
    fixture.variables.put("ALLOCATOR_STACK", "arena(jna)");
    assertEquals("arena(jna)", opened());
    fixture.properties.put("allocator.def.pool", "jna");
    assertEquals("@pool = jna", opened("@pool"));
  }

  @Test
  void doesNotReadAPartThatNobodyNames() {
    fixture.properties.put("allocator.def.broken", "(((");
    assertEquals("jna", opened("jna"));
  }

  @Test
  void namesTheFileInAMessage() throws IOException {
    setFile("allocator.stack = arena(\\\n    jnaa)");
    assertEquals(
        """
        Unknown allocator 'jnaa' at column 7 of 'allocator.stack' in file '/DIR/stack.properties':
            arena(jnaa)
                  ^^^^
          Did you mean 'jna'? Available: arena, fallback, fixedblock, jna.""",
        refused());
    setFile("allocator.stack =");
    assertEquals(
        """
        Empty text in 'allocator.stack' in file '/DIR/stack.properties'
          Expected a stack, such as jna.""",
        refused());
  }

  @Test
  void saysThatTheDefaultWasTakenWhereItsProviderIsMissing() {
    fixture.providers.clear();
    assertEquals(
        """
        Unknown allocator 'jna' at column 1 of the default, for nothing is configured:
            jna
            ^^^
          Available: none.
          'jna' comes with the Maven module org.jallocator:allocator-jna,\
         which is not on the class path: add it, in the version of your allocator-api.""",
        refused());
  }

  @Test
  void refusesTwoFilesOnTheClassPathAndNamesBoth() {
    fixture.loaders.add(
        new IsolatedLoader(directory)
            .withFile("one", "allocator.properties", "allocator.stack = jna")
            .withFile("two", "allocator.properties", "allocator.stack = jna"));
    assertEquals(
        """
        More than one allocator.properties on the class path:
            file:///DIR/one/allocator.properties
            file:///DIR/two/allocator.properties
          Expected one: remove the others, or name a file by -Dallocator.config.""",
        refused().replace("file:/DIR", "file:///DIR"));
  }

  @Test
  void takesTheFirstClassLoaderThatHasAFile() {
    fixture.loaders.add(new IsolatedLoader(directory));
    addResource("one", "allocator.stack = arena(jna)");
    addResource("two", "allocator.stack = jna");
    assertEquals("arena(jna)", opened());
  }

  @Test
  void oneFileThatIsFoundTwiceIsOneFile() {
    fixture.loaders.add(
        new IsolatedLoader(directory)
            .withFile("one", "allocator.properties", "allocator.stack = arena(jna)")
            .withFile("one", "allocator.properties", "allocator.stack = arena(jna)"));
    assertEquals("arena(jna)", opened());
  }

  @Test
  void readsAFileInAJarAndLetsGoOfIt() throws Exception {
    Path jar = directory.resolve("a b.jar");
    for (String expression : new String[] {"arena(jna)", "jna"}) {
      try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
        // Of another length each time, so that an old index of the jar would lead astray.
        out.putNextEntry(new JarEntry(expression));
        out.write(new byte[expression.length() * 10]);
        out.putNextEntry(new JarEntry("allocator.properties"));
        out.write(("allocator.stack = " + expression).getBytes(StandardCharsets.UTF_8));
      }
      fixture.loaders.clear();
      fixture.loaders.add(
          new ClassLoader(null) {
            @Override
            public Enumeration<URL> getResources(String name) throws IOException {
              String url = "jar:" + jar.toUri() + "!/" + name;
              return Collections.enumeration(List.of(new URL(url)));
            }
          });
      assertEquals(expression, opened());
    }
  }

  @Test
  void refusesAFileThatIsNotThere() {
    fixture.properties.put("allocator.config", "/no/such/file");
    assertEquals(
        """
        There is no file '/no/such/file'
          Expected the path of a file in system property 'allocator.config'.""",
        refused());
    fixture.properties.put("allocator.config", "nul\0character");
    assertTrue(refused().startsWith("There is no file 'nul character'\n"), refused());
  }

  @Test
  void refusesADirectoryAndAFileThatIsTooLong() throws IOException {
    fixture.properties.put("allocator.config", directory.toString());
    assertTrue(refused().startsWith("Cannot read file '/DIR'\n  java.io.IOException"), refused());
    setFile("#" + " ".repeat(1 << 20));
    assertEquals(
        """
        Cannot read file '/DIR/stack.properties'
          java.io.IOException: length exceeds its limit: limit=1048576
          Expected a readable properties file in UTF-8.""",
        refused());
  }

  @Test
  void refusesAFileThatConfiguresNothing() throws IOException {
    setFile("stack = arena(jna)");
    assertEquals(
        """
        Nothing is configured in file '/DIR/stack.properties'
          Expected a key allocator.stack, allocator.stack.NAME or allocator.def.NAME.""",
        refused());
  }

  @Test
  void refusesKeysThatMeanNothingButLeavesThoseOfOthersAlone() throws IOException {
    setFile("allocator.stack = arena(jna)\nlog.level = debug\nallocators = 3");
    assertEquals("arena(jna)", opened());
    for (String key : new String[] {"allocator.stak", "allocator.def.", "allocator.def.Pool"}) {
      setFile("allocator.stack = jna\n" + key + " = jna");
      assertEquals(
          """
          Unknown key '%s' in file '/DIR/stack.properties'
            Expected allocator.stack, allocator.stack.NAME or allocator.def.NAME,\
           NAME in lower-case letters, digits and hyphens."""
              .formatted(key),
          refused());
    }
  }

  @Test
  void refusesAKeyThatStandsTwice() throws IOException {
    setFile("allocator.stack = jna\na = 1\na = 2\nallocator.stack = arena(jna)");
    assertEquals(
        """
        Cannot read file '/DIR/stack.properties'
          java.lang.IllegalArgumentException: key stands twice: key=allocator.stack
          Expected a readable properties file in UTF-8.""",
        refused());
  }

  @Test
  void readsUtf8WithAndWithoutAByteOrderMarkAndRefusesOtherBytes() throws IOException {
    fixture.withEvery();
    setFile("\uFEFFallocator.stack = every(label='ü\\u00fc')");
    assertEquals("every(label='üü')", opened());
    Path path = directory.resolve("stack.properties");
    Files.write(path, "allocator.stack = every(label='ü')".getBytes(StandardCharsets.ISO_8859_1));
    assertEquals(
        """
        Cannot read file '/DIR/stack.properties'
          java.nio.charset.MalformedInputException: Input length = 1
          Expected a readable properties file in UTF-8.""",
        refused());
    setFile("allocator.stack = every(label='\\uzzzz')");
    assertTrue(
        refused().startsWith("Cannot read file '/DIR/stack.properties'\n  java.lang.Ill"),
        refused());
  }

  @Test
  void openReadsTheRealSystemProperties() {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(
        new IsolatedLoader(directory)
            .with(LeafProvider.class, "one.jar")
            .withFile("one", "allocator.properties", "allocator.stack = @leaf"));
    System.setProperty("allocator.def.leaf", "jna()");
    try {
      try (AllocatorStack stack = AllocatorStack.open()) {
        assertEquals("@leaf = jna: not tracked", stack.describe());
      }
      System.setProperty("allocator.stack", "jna");
      try (AllocatorStack stack = AllocatorStack.open()) {
        assertEquals("jna: not tracked", stack.describe());
      }
    } finally {
      System.clearProperty("allocator.stack");
      System.clearProperty("allocator.def.leaf");
      thread.setContextClassLoader(before);
    }
  }

  @Test
  void takesASnapshotOfTheRealEnvironment() {
    Environment environment = Environment.ofProcess();
    assertEquals(System.getProperty("java.version"), environment.properties().get("java.version"));
    assertEquals(System.getenv(), environment.variables());
    Object key = new Object();
    System.getProperties().put(key, key);
    try {
      assertDoesNotThrow(Environment::ofProcess);
    } finally {
      System.getProperties().remove(key);
    }
  }
}
