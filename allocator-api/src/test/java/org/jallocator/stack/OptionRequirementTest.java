package org.jallocator.stack;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.List;
import java.util.Objects;
import org.jallocator.spi.Option;
import org.junit.jupiter.api.Test;

/** Options that have an effect only beside another one: given without it, they are refused. */
class OptionRequirementTest {

  private static final Option<Boolean> SHARED = Option.flag("shared", false, "for all threads");
  private static final Option<Long> STRIPES =
      Option.number("stripes", 0, 0, 64, "how many").requires(SHARED, true);
  private static final Option<String> MODE =
      Option.word("mode", "fast", List.of("fast", "small"), "a mode");
  private static final Option<Long> LIMIT =
      Option.size("limit", 1024, 0, 1L << 20, "a limit").requires(MODE, "fast");

  private final StackFixture fixture = new StackFixture();

  private OptionRequirementTest() {
    add("pool", List.of(SHARED, STRIPES, MODE, LIMIT));
  }

  private void add(String name, List<Option<?>> options) {
    fixture.providers.add(
        new FakeProvider(
            name,
            options,
            List.of(),
            settings -> new FakeAllocator(name, fixture.closed, true, List.of())));
  }

  private void accept(String expression) {
    assertDoesNotThrow(() -> fixture.open(expression).close());
  }

  @Test
  void refusesAnOptionThatHasNoEffectAndPointsAtIt() {
    assertEquals(
        """
        Option 'stripes' of 'pool' has no effect at column 12 of the expression:
            arena(pool(stripes=4))
                       ^^^^^^^
          Expected shared=true beside it, found shared=false (the default).""",
        fixture.refusal("arena(pool(stripes=4))"));
    assertEquals(
        """
        Option 'stripes' of 'pool' has no effect at column 6 of the expression:
            pool(stripes=0, shared=false)
                 ^^^^^^^
          Expected shared=true beside it, found shared=false.""",
        fixture.refusal("pool(stripes=0, shared=false)"));
    assertEquals(
        """
        Option 'limit' of 'pool' has no effect at column 18 of the expression:
            pool(mode=small, limit=1M)
                             ^^^^^
          Expected mode=fast beside it, found mode=small.""",
        fixture.refusal("pool(mode=small, limit=1M)"));
  }

  @Test
  void acceptsItBesideTheOtherInAnyOrderAndBesideADefault() {
    accept("pool(stripes=4, shared=true)");
    accept("pool(shared=true, stripes=4)");
    accept("pool(shared=true)");
    accept("pool(shared=false)");
    accept("pool(limit=1M)");
    accept("pool");
  }

  @Test
  void leavesOutAProviderWhoseRequirementCannotBeMet() {
    add("alone", List.of(STRIPES));
    add("impossible", List.of(MODE, Option.flag("flag", true, "a flag").requires(MODE, "slow")));
    List<String> broken = AllocatorProviders.of(fixture.providers).broken();
    assertEquals(2, broken.size(), broken::toString);
    assertEquals(
        "requires an option that is not declared: name=stripes", afterClass(broken.get(0)));
    assertEquals("requires a value out of range: name=flag", afterClass(broken.get(1)));
  }

  private static String afterClass(String line) {
    String mark = "IllegalArgumentException: ";
    return line.substring(line.indexOf(mark) + mark.length());
  }

  @Test
  void keepsAllElseOfTheOption() {
    assertNull(SHARED.requirement());
    Option.Requirement<?> requirement = Objects.requireNonNull(STRIPES.requirement());
    assertSame(SHARED, requirement.option());
    assertEquals(true, requirement.value());
    assertEquals("stripes", STRIPES.name());
    assertEquals(Option.Type.NUMBER, STRIPES.type());
    assertEquals(64, STRIPES.max());
    assertEquals("how many", STRIPES.description());
  }
}
