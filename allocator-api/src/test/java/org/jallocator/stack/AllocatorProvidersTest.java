package org.jallocator.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URL;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jallocator.AllocatorConfigException;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.spi.AllocatorProvider.InnerLayer;
import org.jallocator.spi.Option;
import org.jallocator.stack.found.LeafProvider;
import org.jallocator.stack.found.OtherLeafProvider;
import org.jallocator.stack.found.SecondProvider;
import org.jallocator.stack.found.ThrowingProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Which providers are found, and what becomes of the broken ones. */
class AllocatorProvidersTest {

  private static final String FOUND = "org.jallocator.stack.found.";

  @TempDir Path directory;

  private IsolatedLoader loader(String name) {
    return new IsolatedLoader(directory.resolve(name));
  }

  private static List<String> names(AllocatorProviders providers) {
    return providers.all().stream().map(AllocatorProvider::name).toList();
  }

  private static <T> T inContext(ClassLoader context, Supplier<T> action) {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(context);
    try {
      return action.get();
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  @Test
  void findsTheProvidersOfAClassLoaderInTheOrderOfTheirNames() {
    ClassLoader loader =
        loader("a").with(LeafProvider.class, "one.jar").with(SecondProvider.class, "two.jar");
    AllocatorProviders found = AllocatorProviders.load(loader);
    assertEquals(List.of("arena", "jna"), names(found));
    assertEquals(List.of(), found.broken());
  }

  @Test
  void looksInTheContextClassLoaderOnlyWhereTheLibrarysOwnHasNone() {
    IsolatedLoader own = loader("own").with(LeafProvider.class, "one.jar");
    IsolatedLoader context = loader("context").with(SecondProvider.class, "two.jar");
    IsolatedLoader empty = loader("empty");
    assertEquals(List.of("jna"), names(AllocatorProviders.load(List.of(own, context))));
    assertEquals(List.of("arena"), names(AllocatorProviders.load(List.of(empty, context))));
    // The library's own class loader has no providers in these tests.
    assertEquals(List.of("arena"), names(inContext(context, AllocatorProviders::load)));
    assertEquals(List.of(), names(inContext(empty, AllocatorProviders::load)));
  }

  @Test
  void opensAStackWithTheProvidersOfTheClassLoaderThatIsPassedIn() {
    IsolatedLoader context = loader("context").with(SecondProvider.class, "two.jar");
    IsolatedLoader loader = loader("own").with(LeafProvider.class, "one.jar");
    String opened =
        inContext(
            context,
            () -> {
              try (AllocatorStack stack = AllocatorStack.open("jna", loader)) {
                return stack.allocator().getClass().getName();
              }
            });
    assertEquals(FOUND + "LeafProvider$Leaf", opened);
    assertThrows(
        AllocatorConfigException.class, () -> inContext(context, () -> AllocatorStack.open("jna")));
  }

  @Test
  void aProviderThatThrowsDoesNotHideTheOthersAndIsToldOfWhereANameIsUnknown() {
    IsolatedLoader loader =
        loader("a").with(ThrowingProvider.class, "bad.jar").with(LeafProvider.class, "one.jar");
    AllocatorStack.open("jna", loader).close();
    assertEquals(
        """
        Unknown allocator 'arena' at column 1 of the expression:
            arena(jna)
            ^^^^^
          Available: jna.
          Not usable: org.jallocator.stack.found.ThrowingProvider in file:/lib/bad.jar:\
         java.lang.UnsupportedOperationException: not on a Tuesday
          'arena' comes with the Maven module org.jallocator:allocator-arena,\
         which is not on the class path: add it, in the version of your allocator-api.""",
        StackFixture.messageOf(() -> AllocatorStack.open("arena(jna)", loader)));
  }

  @Test
  void aProviderThatIsMissingOrCannotBeLinkedDoesNotHideTheOthers() {
    IsolatedLoader loader =
        loader("a")
            .withServices("typo.jar", FOUND + "NoSuchProvider")
            .withServices("wrong.jar", FOUND + "LeafProvider$Leaf")
            .withServices("malformed.jar", "two words")
            .with(SecondProvider.class, "unlinked.jar")
            .without(SecondProvider.class)
            .with(LeafProvider.class, "one.jar");
    AllocatorProviders found = AllocatorProviders.load(loader);
    assertEquals(List.of("jna"), names(found));
    assertEquals(4, found.broken().size(), () -> "" + found.broken());
    String prefix = AllocatorProvider.class.getName() + ": ";
    assertEquals(prefix + "Provider " + FOUND + "NoSuchProvider not found", found.broken().get(0));
    assertEquals(
        "java.lang.NoClassDefFoundError: org/jallocator/stack/found/SecondProvider",
        found.broken().get(3));
  }

  @Test
  void aListOfServicesThatCannotBeReadIsReportedOnce() {
    ClassLoader unreadable =
        new ClassLoader(null) {
          @Override
          public Enumeration<URL> getResources(String name) throws IOException {
            throw new IOException("disk on fire");
          }
        };
    AllocatorProviders found = AllocatorProviders.load(unreadable);
    assertEquals(List.of(), names(found));
    assertEquals(1, found.broken().size(), () -> "" + found.broken());
  }

  @Test
  void twoProvidersOfOneNameAreAnErrorThatNamesBothClassesAndTheirJars() {
    IsolatedLoader loader =
        loader("a")
            .with(LeafProvider.class, "one.jar")
            .with(SecondProvider.class, "two.jar")
            .with(OtherLeafProvider.class, "three.jar");
    String message =
        """
        Two providers of 'jna':
            org.jallocator.stack.found.LeafProvider in file:/lib/one.jar
            org.jallocator.stack.found.OtherLeafProvider in file:/lib/three.jar
          Expected one: remove the other from the class path.""";
    assertEquals(message, StackFixture.messageOf(() -> AllocatorProviders.load(loader)));
    assertEquals(message, StackFixture.messageOf(() -> AllocatorStack.open("arena", loader)));
  }

  @Test
  void oneClassThatIsListedTwiceIsOneProvider() {
    IsolatedLoader loader =
        loader("a").with(LeafProvider.class, "one.jar").with(LeafProvider.class, "copy.jar");
    assertEquals(List.of("jna"), names(AllocatorProviders.load(loader)));
  }

  static Stream<Arguments> unsound() {
    List<InnerLayer> none = List.of();
    Option<Boolean> flag = Option.flag("flag", true, "a flag");
    Option<Boolean> bad = Option.flag("bad-key", true, "a flag");
    Option<Long> low = Option.size("low", 0, 1, 2, "a size");
    Option<Long> high = Option.number("high", 3, 1, 2, "a number");
    Option<String> word = Option.word("word", "c", List.of("a", "b"), "a word");
    return Stream.of(
        Arguments.of("bad name: name=Arena", provider("Arena", List.of(), none)),
        Arguments.of("bad name: name=", provider("", List.of(), none)),
        Arguments.of("bad name: name=ar\u0131na", provider("ar\u0131na", List.of(), none)),
        Arguments.of(
            "two options of one name: name=flag", provider("x", List.of(flag, flag), none)),
        Arguments.of("bad name of an option: name=bad-key", provider("x", List.of(bad), none)),
        Arguments.of("default out of range: name=low", provider("x", List.of(low), none)),
        Arguments.of("default out of range: name=high", provider("x", List.of(high), none)),
        Arguments.of("default out of range: name=word", provider("x", List.of(word), none)));
  }

  private static FakeProvider provider(
      String name, List<Option<?>> options, List<InnerLayer> inners) {
    return new FakeProvider(name, options, inners, settings -> settings.inner(0));
  }

  @ParameterizedTest
  @MethodSource("unsound")
  void aProviderThatDeclaresNonsenseIsLeftOut(String rule, FakeProvider unsound) {
    AllocatorProviders found =
        AllocatorProviders.of(List.of(unsound, provider("jna", List.of(), List.of())));
    assertEquals(List.of("jna"), names(found));
    String broken = found.broken().get(0);
    assertTrue(broken.startsWith(FakeProvider.class.getName() + " in file:"), broken);
    assertTrue(broken.endsWith(": java.lang.IllegalArgumentException: " + rule), broken);
  }

  @Test
  void aProviderThatThrowsWhenItIsAskedIsLeftOut() {
    AllocatorProvider throwing =
        new LeafProvider() {
          @Override
          public List<Option<?>> options() {
            throw new NoSuchMethodError("options");
          }
        };
    AllocatorProviders found = AllocatorProviders.of(List.of(throwing));
    assertEquals(List.of(), found.all());
    String broken = found.broken().get(0);
    assertTrue(broken.endsWith(": java.lang.NoSuchMethodError: options"), broken);
  }

  @Test
  void saysThatServicesWereNotMergedWhereTheClassesOfTheModuleAreThere() {
    IsolatedLoader loader =
        loader("fat.jar")
            .withFile("fat.jar", "org/jallocator/fixedblock/package-info.class", "")
            .with(LeafProvider.class, "fat.jar");
    assertEquals(
        """
        Unknown allocator 'fallbak' at column 1 of the expression:
            fallbak(jna)
            ^^^^^^^
          Did you mean 'fallback'? Available: jna.
          'fallback' comes with the Maven module org.jallocator:allocator-fixedblock. Its classes\
         are there, but META-INF/services does not list its provider: a fat jar must merge these\
         files (maven-shade-plugin: ServicesResourceTransformer; Gradle Shadow:\
         mergeServiceFiles()).""",
        StackFixture.messageOf(() -> AllocatorStack.open("fallbak(jna)", loader)));
  }

  @Test
  void doesNotBlameTheListOfServicesWhereItListsAProviderThatIsBroken() {
    IsolatedLoader loader =
        loader("one.jar")
            .withFile("one.jar", "org/jallocator/arena/package-info.class", "")
            .withServices("one.jar", "org.jallocator.arena.ArenaProvider")
            .with(LeafProvider.class, "two.jar");
    String message = StackFixture.messageOf(() -> AllocatorStack.open("arena(jna)", loader));
    assertTrue(message.contains("\n  Not usable: "), message);
    assertTrue(
        message.endsWith("\n  'arena' comes with the Maven module org.jallocator:allocator-arena."),
        message);
  }
}
