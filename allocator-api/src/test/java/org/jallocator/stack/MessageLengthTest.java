package org.jallocator.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.jallocator.spi.Option;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** However long what was configured is, the message about it is short and its caret right. */
class MessageLengthTest {

  private static final int LIMIT = 4096;
  private static final String LONG = "n" + "0123456789".repeat(800);

  private final StackFixture fixture = new StackFixture().withEvery().withTroublemakers();

  @TempDir Path directory;

  private static void assertShort(String message) {
    assertTrue(message.length() < LIMIT, () -> message.length() + " characters: " + message);
    message.lines().forEach(line -> assertTrue(line.length() < 700, line));
  }

  @Test
  void isShortWhateverIsLong() {
    for (int i = 0; i < 3000; i++) {
      fixture.properties.put("allocator.def.part-" + i + "-" + "x".repeat(i), "jna");
    }
    fixture.properties.put("allocator.def." + LONG, "arena(@" + LONG + "-, jna");
    fixture.properties.put("allocator.def.deep", "@" + LONG);
    fixture.providers.add(
        new FakeProvider(
            "wordy",
            List.of(Option.word("word", "a", words(), "one of many")),
            List.of(),
            settings -> {
              throw new IllegalArgumentException(LONG.repeat(10));
            }));
    for (String expression :
        List.of(
            "@" + LONG.substring(1),
            "@pard",
            "@deep",
            "arena(@" + LONG + ")",
            LONG,
            "every(" + LONG + "=1)",
            "every(label='" + LONG + "', count=x)",
            "every(size=" + "9".repeat(8000) + ")",
            "every(size=1" + "K".repeat(8000) + ")",
            "every(mode=" + LONG + ")",
            "wordy",
            "wordy(word=zz)",
            "'" + LONG)) {
      assertShort(fixture.refusal(expression));
    }
  }

  private static List<String> words() {
    List<String> words = new ArrayList<>(List.of("a"));
    for (int i = 0; i < 2000; i++) {
      words.add("word" + i);
    }
    return words;
  }

  @Test
  void isShortWhereTheNamesOfPlacesAreLong() {
    fixture.properties.put("allocator.config", "/" + LONG);
    assertShort(fixture.refusal("@x"));
    fixture.properties.clear();
    IsolatedLoader loader = new IsolatedLoader(directory);
    for (int i = 0; i < 60; i++) {
      loader.withFile("jar" + i + "x".repeat(100), "allocator.properties", "allocator.stack=jna");
    }
    fixture.loaders.add(loader);
    String message = fixture.refusal("@x");
    assertShort(message);
    assertTrue(message.contains("(and 54 more)"), message);
  }

  @Test
  void isShortWhereManyProvidersAreBroken() {
    List<FakeProvider> broken = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      broken.add(new FakeProvider("B" + i + LONG, List.of(), List.of(), settings -> null));
    }
    AllocatorProviders providers = AllocatorProviders.of(broken);
    Supplier<AllocatorStack> open =
        () ->
            AllocatorStack.open(
                null, new Source("a test", "large"), fixture.configuration(), providers);
    String message = StackFixture.messageOf(() -> open.get().close());
    assertShort(message);
    assertTrue(message.endsWith("in the version of your allocator-api."), message);
  }

  @Test
  void listsTheFirstOfManyChoicesAndCountsTheRest() {
    for (int i = 0; i < 1000; i++) {
      fixture.properties.put("allocator.def.p" + i, "jna");
    }
    String message = fixture.refusal("@zzz");
    String line = message.lines().toList().get(3);
    int shown = line.split("@", -1).length - 1;
    assertTrue(line.startsWith("  Available: @general, @p0, @p1, "), line);
    assertTrue(line.endsWith(" and " + (1001 - shown) + " more."), line);
  }

  @Test
  void putsTheCaretUnderTheSpotWhereverTheLineIsCut() {
    Random random = new Random(42);
    for (int i = 0; i < 2000; i++) {
      int before = random.nextInt(4000);
      int after = random.nextInt(4000);
      String pad = random.nextBoolean() ? " " : "\t";
      String text = "arena(" + pad.repeat(before) + "jnx" + i + pad.repeat(after) + ")";
      List<String> lines = fixture.refusal(text).lines().toList();
      String shown = lines.get(1);
      String carets = lines.get(2);
      assertEquals(
          "jnx" + i, shown.substring(carets.indexOf('^'), carets.length()), "seed 42, round " + i);
      assertTrue(shown.length() <= 4 + 100 + 6, shown);
    }
  }
}
