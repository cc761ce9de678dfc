package org.jallocator.arrow;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.apache.arrow.memory.DefaultAllocationManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a process gets Arrow's buffers from a stack, and what it is told if it does not. */
final class DefaultFactoryTest {

  /** The place of the class that Arrow looks for, in every path of this module. */
  private static final String OURS = "allocator-arrow-memory-core";

  private static final String CLASS =
      DefaultAllocationManagerFactory.class.getName().replace('.', '/') + ".class";

  @TempDir Path directory;

  private static void assertSays(String expected, String output) {
    assertTrue(output.contains(expected), output);
  }

  /** The class path as a user has it, with the classes of the tests but without our class. */
  private ForkedArrow withoutOurs() throws IOException {
    return new ForkedArrow().without(OURS).with(testClasses());
  }

  /** The tests' own classes, in a place without the telling name. */
  private Path testClasses() throws IOException {
    Path place = directory.resolve("tests");
    for (Class<?> type : new Class<?>[] {ArrowProgram.class}) {
      copy(type.getName().replace('.', '/') + ".class", place);
    }
    return place;
  }

  private static void copy(String name, Path place) throws IOException {
    Path target = place.resolve(name);
    Files.createDirectories(Objects.requireNonNull(target.getParent()));
    try (InputStream from =
        Objects.requireNonNull(
            DefaultFactoryTest.class.getClassLoader().getResourceAsStream(name))) {
      Files.copy(from, target);
    }
  }

  @Test
  void isOursByTheClassPathAloneBesideNettyAndUnsafe() throws Exception {
    assertSays("stacks: arrow=1 @general", new ForkedArrow().run("plain", directory));
  }

  @Test
  void isOursWithoutAnyAllocatorOfArrows() throws Exception {
    String output =
        new ForkedArrow()
            .without("arrow-memory-netty")
            .without("arrow-memory-unsafe")
            .run("plain", directory);
    assertSays("stacks: arrow=1 @general", output);
  }

  @Test
  void isOursInAJarOfThatName() throws Exception {
    Path place = directory.resolve("allocator-arrow-memory-core-1");
    copy(CLASS, place);
    assertSays("stacks: arrow=1 @general", withoutOurs().with(place).run("plain", directory));
  }

  @Test
  void isArrowsOwnErrorInAJarOfAnotherName() throws Exception {
    Path place = directory.resolve("everything");
    copy(CLASS, place);
    String output = withoutOurs().with(place).run("plain", directory);
    assertSays("Unknown allocation manager type to infer", output);
  }

  @Test
  void takesTheStackThatIsConfigured() throws Exception {
    String output =
        new ForkedArrow()
            .option("-Dallocator.stack=jna")
            .option("-Dallocator.stack.arrow=large(shared=true,jna)")
            .run("plain", directory);
    assertSays("stacks: arrow=1 large(shared=true, jna)", output);
  }

  @Test
  void refusesAConfinedStack() throws Exception {
    String output =
        new ForkedArrow().option("-Dallocator.stack.arrow=large(jna)").run("plain", directory);
    assertSays("AllocatorConfigException", output);
    assertSays("allocator.stack.arrow=large(jna), remedy=shared=true", output);
  }

  @Test
  void losesAgainstArrowsProperty() throws Exception {
    String output =
        new ForkedArrow().option("-Darrow.allocation.manager.type=Unsafe").run("plain", directory);
    assertSays("stacks:" + System.lineSeparator(), output);
  }

  @Test
  void isInstalledBesideNetty() throws Exception {
    assertSays("stacks: arrow=1 @general", withoutOurs().run("install", directory));
    assertSays("stacks: own=1 @general", withoutOurs2("install own"));
  }

  private String withoutOurs2(String program) throws IOException, InterruptedException {
    return new ForkedArrow().without(OURS).with(directory.resolve("tests")).run(program, directory);
  }

  @Test
  void cannotBeInstalledTooLate() throws Exception {
    String output = withoutOurs().without("arrow-memory-netty").run("install late", directory);
    assertSays("present=org.apache.arrow.memory.unsafe.UnsafeAllocationManager", output);
    assertSays("remedy=install before the first RootAllocator", output);
  }

  @Test
  void cannotBeInstalledWhenArrowHasFailed() throws Exception {
    String output =
        withoutOurs()
            .without("arrow-memory-netty")
            .without("arrow-memory-unsafe")
            .run("install after failure", directory);
    assertSays("Arrow failed to start in this process before", output);
  }

  @Test
  void reportsALeakAtTheEndOfTheProcessIfToldTo() throws Exception {
    String output =
        new ForkedArrow().option("-Dallocator.arrow.leakcheck=true").run("leak", directory);
    assertSays("allocator-arrow: leak: stack=@general", output);
    assertSays("blocks=1", output);
    output = new ForkedArrow().option("-Dallocator.arrow.leakcheck=true").run("plain", directory);
    assertSays("allocator-arrow: no leak: stack=@general", output);
  }
}
