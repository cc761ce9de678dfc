package org.jallocator.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jallocator.Allocator;
import org.jallocator.AllocatorConfigException;
import org.jallocator.spi.AllocatorProvider.InnerLayer;
import org.jallocator.spi.Option;
import org.jallocator.spi.StackRoom;
import org.junit.jupiter.api.Test;

/** What is left of a stack that could not be built: nothing. */
class BuildFailureTest {

  private final StackFixture fixture = new StackFixture().withTroublemakers();

  private AllocatorConfigException refused(String expression) {
    return assertThrows(AllocatorConfigException.class, () -> fixture.open(expression).close());
  }

  @Test
  void nothingIsCreatedWhileAnythingIsWrongInTheText() {
    refused("fallback(fixedblock(jna), arena(jna, chunkSize=1))");
    assertEquals(List.of(), fixture.created);
  }

  @Test
  void closesFromTheRootDownWhatWasBuiltBeforeAProviderRefused() {
    refused("fallback(fixedblock(arena(jna)), refusing(fixedblock(jna)))");
    assertEquals(List.of("fixedblock", "jna", "fixedblock", "arena", "jna"), fixture.closed);
  }

  @Test
  void keepsWhatTheProviderThrewAsTheCause() {
    assertInstanceOf(IllegalArgumentException.class, refused("refusing(jna)").getCause());
    assertInstanceOf(IllegalStateException.class, refused("failing(jna)").getCause());
    assertInstanceOf(NoClassDefFoundError.class, refused("unlinked").getCause());
  }

  @Test
  void passesOutOfMemoryOnAfterClosingWhatWasBuilt() {
    OutOfMemoryError error =
        assertThrows(
            OutOfMemoryError.class,
            () -> fixture.open("arena(exhausted(fixedblock(jna)))").close());
    assertEquals("no memory: size=64", error.getMessage());
    assertEquals(List.of("fixedblock", "jna"), fixture.closed);
  }

  @Test
  void closesTheLayersBelowOneThatMustNotStandOnThem() {
    refused("bridge(arena(local))");
    assertEquals(List.of("bridge", "arena", "local"), fixture.closed);
    fixture.closed.clear();
    refused("fallback(jna, arena(jna))");
    assertEquals(List.of("arena", "jna", "jna"), fixture.closed);
  }

  @Test
  void closesWhatWasBuiltWhenTheJavaStackEnds() throws Exception {
    List<FakeAllocator> made = new ArrayList<>();
    add("two", List.of("left", "right"), FakeAllocator::new, made);
    add("asking", List.of(), AskingAllocator::new, made);
    fixture.providers.add(
        new FakeProvider(
            "hungry",
            List.of(),
            List.of(),
            settings -> {
              StackRoom.requireToClose();
              return new FakeAllocator("hungry", fixture.closed, true, List.of());
            }));
    Blueprint.Use two =
        Resolver.resolve(
            new Source("the expression", "two(asking, hungry)"),
            AllocatorProviders.of(fixture.providers),
            fixture.configuration());
    assertNull(StackBuilder.build(two).closeAndRelease());
    for (int padding = 0; padding < 3; padding++) {
      AtMyStacksEnd end =
          new AtMyStacksEnd(() -> assertNull(StackBuilder.build(two).closeAndRelease()));
      assertTrue(end.run(padding) > 0);
      assertTrue(made.stream().allMatch(FakeAllocator::isClosed));
    }
  }

  /** Asks for stack before it closes, as the real ones do. */
  private static final class AskingAllocator extends FakeAllocator {

    AskingAllocator(String name, List<String> events, boolean shared, List<Allocator> inners) {
      super(name, events, shared, inners);
    }

    @Override
    public void closeAndRelease() {
      StackRoom.requireAboveStack();
      super.closeAndRelease();
    }
  }

  private interface Constructor {
    FakeAllocator make(String name, List<String> events, boolean shared, List<Allocator> inners);
  }

  private void add(
      String name, List<String> roles, Constructor constructor, List<FakeAllocator> made) {
    fixture.providers.add(
        new FakeProvider(
            name,
            List.of(),
            roles.stream().map(role -> new InnerLayer(role, false)).toList(),
            settings -> {
              FakeAllocator next = constructor.make(name, fixture.closed, true, List.of());
              made.add(next);
              return next;
            }));
  }

  @Test
  void closesOnceWhatAProviderReturnsAgain() {
    refused("echo(arena(jna))");
    assertEquals(List.of("arena", "jna"), fixture.closed);
  }

  @Test
  void reportsWhatWentWrongWhileClosingAsSuppressed() {
    RuntimeException onClose = new IllegalStateException("on close");
    fixture.providers.add(
        new FakeProvider(
            "sticky",
            List.of(),
            List.of(),
            settings -> {
              FakeAllocator sticky = new FakeAllocator("sticky", fixture.closed, true, List.of());
              sticky.failOnClose(onClose);
              return sticky;
            }));
    AllocatorConfigException refused = refused("refusing(fixedblock(sticky))");
    assertEquals(List.of(onClose), List.of(refused.getSuppressed()));
    assertEquals(List.of("fixedblock", "sticky"), fixture.closed);
  }

  @Test
  void givesAProviderOnlyTheOptionsThatItDeclared() {
    Option<Long> declared = Option.number("depth", 3, 0, 9, "a depth");
    Option<String> namesake = Option.text("depth", "", "a namesake of another type");
    Option<Long> other = Option.number("other", 3, 0, 9, "never declared");
    for (Option<?> asked : List.of(namesake, other)) {
      fixture.providers.add(
          new FakeProvider(
              "asking-" + asked.type().name().toLowerCase(Locale.ROOT),
              List.of(declared),
              List.of(),
              settings -> fail(settings.get(asked))));
    }
    assertEquals(
        "java.lang.IllegalArgumentException: option is not declared: name=depth",
        String.valueOf(refused("asking-text").getCause()));
    assertEquals(
        "java.lang.IllegalArgumentException: option is not declared: name=other",
        String.valueOf(refused("asking-number").getCause()));
  }

  private static Allocator fail(Object value) {
    throw new AssertionError(value);
  }

  @Test
  void givesAProviderItsInnerLayersInTheOrderOfTheirRoles() {
    fixture.providers.add(
        new FakeProvider(
            "pair",
            List.of(),
            List.of(new InnerLayer("left", true), new InnerLayer("right", false)),
            settings -> {
              assertEquals(settings.inner(0), settings.owningInner(0));
              return new FakeAllocator(
                  "pair", fixture.closed, true, List.of(settings.inner(0), settings.inner(1)));
            }));
    fixture.open("pair(arena(jna), jna)").close();
    assertEquals(List.of("pair", "arena", "jna", "jna"), fixture.closed);
  }
}
