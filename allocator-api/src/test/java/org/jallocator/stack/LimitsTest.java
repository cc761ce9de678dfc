package org.jallocator.stack;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Each limit at its edge and one beyond. */
class LimitsTest {

  private final StackFixture fixture = new StackFixture().withEvery();

  private static String nested(int depth) {
    return "arena(".repeat(depth - 1) + "jna" + ")".repeat(depth - 1);
  }

  /** A stack of so many layers that is as flat as it can be. */
  private static String wide(int nodes) {
    if (nodes == 1) {
      return "jna";
    }
    if (nodes < 4) {
      return owning(nodes);
    }
    int left = Math.max(2, (nodes - 1) / 2);
    return "fallback(" + owning(left) + ", " + wide(nodes - 1 - left) + ")";
  }

  private static String owning(int nodes) {
    return "arena(" + wide(nodes - 1) + ")";
  }

  private void accept(String expression) {
    assertDoesNotThrow(() -> fixture.open(expression).close());
  }

  @Test
  void acceptsTextOf8192CharsAndNoMore() {
    String longest = "every(label='" + "x y".repeat(2726) + "')";
    assertEquals(8193, longest.length());
    accept(longest.replaceFirst("x", ""));
    assertEquals(
        """
        Text is too long at column 8193 of the expression:
            ...%s
        %s^
          text exceeds its limit: length=8193, limit=8192"""
            .formatted(longest.substring(8093), " ".repeat(4 + 3 + 99)),
        fixture.refusal(longest));
  }

  @Test
  void doesNotReadTextThatIsFarTooLong() {
    String message = fixture.refusal("(".repeat(10_000_000));
    assertTrue(message.contains("length=10000000, limit=8192"), message);
  }

  @Test
  void acceptsADepthOf32AndNoMore() {
    accept(nested(32));
    String message = fixture.refusal(nested(33));
    assertEquals(
        """
        Layers are nested too deeply at column 193 of the expression:
            ...%s
        %s^^^
          depth exceeds its limit: depth=33, limit=32"""
            .formatted(nested(33).substring(127), " ".repeat(4 + 3 + 65)),
        message);
  }

  @Test
  void countsTheDepthOfNamedPartsWhereverTheyAreUsed() {
    fixture.properties.put("allocator.def.deep", nested(16));
    accept("arena(".repeat(16) + "@deep" + ")".repeat(16));
    accept("fallback(arena(@deep), @deep)");
    String deeper = "fallback(arena(@deep), " + "arena(".repeat(16) + "@deep" + ")".repeat(17);
    assertEquals(
        """
        Layers are nested too deeply at column 120 of the expression:
            ...%s
        %s^^^^^
          depth exceeds its limit: depth=33, limit=32"""
            .formatted(deeper.substring(41), " ".repeat(4 + 3 + 78)),
        fixture.refusal(deeper));
    String first = "arena(".repeat(17) + "@deep" + ")".repeat(17);
    assertEquals(
        """
        Layers are nested too deeply at column 91 of system property 'allocator.def.deep':
            ...%s
        %s^^^
          depth exceeds its limit: depth=33, limit=32"""
            .formatted(nested(16).substring(8), " ".repeat(4 + 3 + 82)),
        fixture.refusal(first));
  }

  @Test
  void followsAChainOf32NamesAndNoMore() {
    for (int i = 1; i < 33; i++) {
      fixture.properties.put("allocator.def.n" + i, "@n" + (i + 1));
    }
    fixture.properties.put("allocator.def.n33", "jna");
    accept("arena(@n2)");
    assertEquals(
        """
        Layers are nested too deeply at column 1 of system property 'allocator.def.n32':
            @n33
            ^^^^
          depth exceeds its limit: depth=33, limit=32""",
        fixture.refusal("@n1"));
  }

  @Test
  void accepts256LayersAndNoMore() {
    accept(wide(256));
    String message = fixture.refusal(wide(257));
    assertTrue(message.startsWith("Too many layers at column "), message);
    assertEquals(
        "  nodes exceed their limit: nodes=257, limit=256",
        message.substring(message.lastIndexOf('\n') + 1));
  }

  @Test
  void countsANamedPartAsOftenAsItIsUsed() {
    fixture.properties.put("allocator.def.p64", wide(64));
    fixture.properties.put("allocator.def.p128", "fallback(arena(@p62), @p64)");
    fixture.properties.put("allocator.def.p62", wide(62));
    accept("fallback(arena(@p128), @p62)");
    accept("fallback(arena(@p62), @p128)");
    String over = "fallback(arena(@p128), fallback(arena(@p62), @p64))";
    assertEquals(
        """
        Too many layers at column 46 of the expression:
            %s
        %s^^^^
          nodes exceed their limit: nodes=258, limit=256"""
            .formatted(over, " ".repeat(4 + 45)),
        fixture.refusal(over));
  }

  @Test
  void acceptsMorePartsSideBySideThanMayFollowEachOther() {
    for (int i = 0; i < 40; i++) {
      fixture.properties.put("allocator.def.part-" + i, "jna");
    }
    accept(sideBySide(0, 39));
  }

  private static String sideBySide(int first, int last) {
    if (first == last) {
      return "@part-" + first;
    }
    int middle = (first + last) / 2;
    String left = sideBySide(first, middle);
    return "fallback(arena(" + left + "), " + sideBySide(middle + 1, last) + ")";
  }

  @Test
  void refusesNamesThatDoubleThirtyTimesWithoutExpandingThem() {
    fixture.properties.put("allocator.def.x0", "arena(jna)");
    for (int i = 1; i <= 30; i++) {
      fixture.properties.put(
          "allocator.def.x" + i, "fallback(arena(@x" + (i - 1) + "), @x" + (i - 1) + ")");
    }
    String message = fixture.refusal("@x30");
    assertTrue(message.contains("limit="), message);
  }
}
