package org.jallocator.large;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class SizeClassesTest {

  @Test
  void everyClassBeginsBehindTheOneBefore() {
    for (int i = 1; i < SizeClasses.COUNT; i++) {
      long before = SizeClasses.length(i - 1);
      assertTrue(SizeClasses.length(i) > before, "class " + i);
      assertEquals(i - 1, SizeClasses.of(before), "last of class " + (i - 1));
      assertEquals(i, SizeClasses.of(before + 1), "first of class " + i);
    }
    assertEquals(SizeClasses.COUNT - 1, SizeClasses.of(Long.MAX_VALUE));
    assertEquals(Long.MAX_VALUE, SizeClasses.length(SizeClasses.COUNT - 1));
  }

  @Test
  void thereAreFourStepsToADoubling() {
    for (long power = 64; power > 0 && power <= 1L << 61; power *= 2) {
      for (long step = 4; step <= 8; step++) {
        assertEquals(power / 4 * step, SizeClasses.length(SizeClasses.of(power / 4 * step)));
      }
      assertEquals(4, SizeClasses.of(2 * power) - SizeClasses.of(power));
    }
  }

  @Test
  void noSizeIsRoundedUpByAQuarterOfItself() {
    for (int i = 1; i < SizeClasses.COUNT; i++) {
      long smallest = SizeClasses.length(i - 1) + 1;
      assertTrue(SizeClasses.length(i) - smallest <= (smallest - 1) / 4, "class " + i);
    }
    assertEquals(0, SizeClasses.of(1));
    assertEquals(64, SizeClasses.length(0));
  }
}
