package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;

final class ExactDivisionTest {

  private static final long SEED = 20261122;

  @Test
  void anOddNumberTimesItsInverseIsOne() {
    Random random = new Random(SEED);
    for (int i = 0; i < 10_000; i++) {
      long odd = random.nextLong() | 1;
      assertEquals(1, odd * ExactDivision.inverse(odd), () -> "seed=" + SEED + ", odd=" + odd);
    }
  }

  @Test
  void onlyMultiplesBelowTheEndHaveAnIndexBelowTheEnd() {
    for (long divisor = 1; divisor <= 100; divisor++) {
      int shift = Long.numberOfTrailingZeros(divisor);
      long inverse = ExactDivision.inverse(divisor >>> shift);
      long blocks = 70;
      for (long offset = -300; offset < divisor * blocks + 300; offset++) {
        long index = Long.rotateRight(offset * inverse, shift);
        boolean starts = offset >= 0 && offset % divisor == 0 && offset / divisor < blocks;
        assertEquals(starts, index >= 0 && index < blocks, "offset=" + offset + "/" + divisor);
        if (starts) {
          assertEquals(offset / divisor, index);
        }
      }
    }
  }
}
