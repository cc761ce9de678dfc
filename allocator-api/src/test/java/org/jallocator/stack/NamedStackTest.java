package org.jallocator.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jallocator.AllocatorConfigException;
import org.jallocator.spi.AllocatorProvider.InnerLayer;
import org.jallocator.spi.Option;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where a stack that has a name is configured, and the part that is predefined. */
class NamedStackTest {

  private final StackFixture fixture = new StackFixture();

  @TempDir Path directory;

  private String named(String name) {
    try (AllocatorStack stack = fixture.named(name)) {
      return stack.toString();
    }
  }

  private void setFile(String text) throws IOException {
    Path path = directory.resolve("stack.properties");
    Files.writeString(path, text);
    fixture.properties.put("allocator.config", path.toString());
  }

  private void addResource(String text) {
    fixture.loaders.add(
        new IsolatedLoader(directory).withFile("one", "allocator.properties", text));
  }

  @Test
  void looksForItsNameFirstInEachPlaceAndThenForTheStackOfNoName() throws IOException {
    fixture.properties.put("allocator.stack.fast-path", "arena(chunkSize=1K, jna)");
    fixture.properties.put("allocator.stack", "arena(chunkSize=2K, jna)");
    fixture.variables.put("ALLOCATOR_STACK_FAST_PATH", "arena(chunkSize=3K, jna)");
    fixture.variables.put("ALLOCATOR_STACK", "arena(chunkSize=4K, jna)");
    setFile(
        "allocator.stack.fast-path = arena(chunkSize=5K, jna)\n"
            + "allocator.stack = arena(chunkSize=6K, jna)");
    addResource(
        "allocator.stack.fast-path = arena(chunkSize=7K, jna)\n"
            + "allocator.stack = arena(chunkSize=8K, jna)");
    assertEquals("arena(chunkSize=1KiB, jna)", named("fast-path"));
    assertEquals("arena(chunkSize=2KiB, jna)", named("other"));
    fixture.properties.remove("allocator.stack.fast-path");
    assertEquals("arena(chunkSize=2KiB, jna)", named("fast-path"));
    fixture.properties.remove("allocator.stack");
    assertEquals("arena(chunkSize=3KiB, jna)", named("fast-path"));
    assertEquals("arena(chunkSize=4KiB, jna)", named("other"));
    fixture.variables.remove("ALLOCATOR_STACK_FAST_PATH");
    assertEquals("arena(chunkSize=4KiB, jna)", named("fast-path"));
    fixture.variables.clear();
    assertEquals("arena(chunkSize=5KiB, jna)", named("fast-path"));
    assertEquals("arena(chunkSize=6KiB, jna)", named("other"));
    fixture.properties.clear();
    assertEquals("arena(chunkSize=7KiB, jna)", named("fast-path"));
    assertEquals("arena(chunkSize=8KiB, jna)", named("other"));
    fixture.loaders.clear();
    assertEquals("jna", named("fast-path"));
  }

  private String namedOr(String name, String otherwise) {
    try (AllocatorStack stack = fixture.namedOr(name, otherwise)) {
      assertEquals(name, stack.name().orElseThrow());
      return stack.toString();
    }
  }

  @Test
  void comesBeforeWhatALibraryBrings() throws IOException {
    assertEquals("arena(jna)", namedOr("render", "arena(jna)"));
    fixture.properties.put("allocator.stack", "jna");
    fixture.variables.put("ALLOCATOR_STACK", "jna");
    assertEquals("arena(jna)", namedOr("render", "arena(jna)"));
    setFile("allocator.stack.render=arena(chunkSize=5KiB, jna)");
    assertEquals("arena(chunkSize=5KiB, jna)", namedOr("render", "arena(jna)"));
    fixture.variables.put("ALLOCATOR_STACK_RENDER", "arena(chunkSize=3KiB, jna)");
    assertEquals("arena(chunkSize=3KiB, jna)", namedOr("render", "arena(jna)"));
    fixture.properties.put("allocator.stack.render", "arena(chunkSize=1KiB, jna)");
    assertEquals("arena(chunkSize=1KiB, jna)", namedOr("render", "arena(jna)"));
    fixture.properties.put("allocator.stack.render", "");
    assertThrows(AllocatorConfigException.class, () -> namedOr("render", "arena(jna)"));
  }

  @Test
  void namesTheLibrarysExpressionIfThatIsWrong() {
    String message = StackFixture.messageOf(() -> fixture.namedOr("render", "jnaa").close());
    assertTrue(message.contains("column 1 of the default of stack 'render'"), message);
  }

  @Test
  void isNotAskedForWhereAStackHasNoName() {
    fixture.properties.put("allocator.stack.render", "arena(jna)");
    try (AllocatorStack stack = fixture.open()) {
      assertEquals("jna", stack.toString());
    }
  }

  @Test
  void refusesANameThatIsSetToNothing() {
    fixture.properties.put("allocator.stack.render", " ");
    fixture.properties.put("allocator.stack", "jna");
    assertEquals(
        """
        Empty text in system property 'allocator.stack.render'
          Expected a stack, such as jna.""",
        StackFixture.messageOf(() -> fixture.named("render").close()));
    fixture.properties.remove("allocator.stack.render");
    fixture.variables.put("ALLOCATOR_STACK_RENDER", "jnaa");
    fixture.properties.remove("allocator.stack");
    assertEquals(
        """
        Unknown allocator 'jnaa' at column 1 of environment variable 'ALLOCATOR_STACK_RENDER':
            jnaa
            ^^^^
          Did you mean 'jna'? Available: arena, fallback, fixedblock, jna.""",
        StackFixture.messageOf(() -> fixture.named("render").close()));
  }

  @Test
  void predefinesAGeneralPurposeStack() {
    Option<Boolean> shared = Option.flag("shared", false, "whether any thread may use it");
    for (String name : List.of("sizeclass", "large")) {
      fixture.providers.add(
          new FakeProvider(
              name,
              List.of(shared),
              List.of(new InnerLayer("inner", false)),
              settings ->
                  new FakeAllocator.Owning(
                      name, fixture.closed, settings.get(shared), List.of(settings.inner(0)))));
    }
    try (AllocatorStack stack = fixture.open("@general")) {
      assertEquals(
          """
          @general = fallback: live 0 bytes, reserved 0 bytes
            sizeclass(shared=true): live 0 bytes, reserved 0 bytes
              jna: not tracked
            large(shared=true): live 0 bytes, reserved 0 bytes
              jna: not tracked""",
          stack.describe());
    }
  }

  @Test
  void namesTheModuleThatThePredefinedPartMisses() {
    assertEquals(
        """
        Unknown allocator 'sizeclass' at column 10 of the predefined part '@general':
            fallback(sizeclass(shared=true, jna), large(shared=true, jna))
                     ^^^^^^^^^
          Available: arena, fallback, fixedblock, jna.
          'sizeclass' comes with the Maven module org.jallocator:allocator-fixedblock,\
         which is not on the class path: add it, in the version of your allocator-api.""",
        fixture.refusal("@general"));
  }

  @Test
  void letsThePredefinedPartBeRedefinedInAnyPlace() throws IOException {
    addResource("allocator.def.general = arena(chunkSize=1K, jna)");
    assertEquals("@general = arena(chunkSize=1KiB)\n  jna", describedGeneral());
    setFile("allocator.def.general = arena(chunkSize=2K, jna)");
    assertEquals("@general = arena(chunkSize=2KiB)\n  jna", describedGeneral());
    fixture.properties.put("allocator.def.general", "jna");
    assertEquals("@general = jna", describedGeneral());
  }

  private String describedGeneral() {
    try (AllocatorStack stack = fixture.open("@general")) {
      return stack.describe().replaceAll(": [^\n]*", "");
    }
  }
}
