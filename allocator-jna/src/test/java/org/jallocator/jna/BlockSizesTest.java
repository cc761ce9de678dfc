package org.jallocator.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class BlockSizesTest {

  @Test
  void anEmptyTableHasNothing() {
    var sizes = new BlockSizes();
    assertEquals(BlockSizes.ABSENT, sizes.get(64));
    assertEquals(BlockSizes.ABSENT, sizes.remove(64));
    assertEquals(0, sizes.count());
    assertEquals(0, sizes.first(8).length);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 16, 4096, 1L << 32, 1L << 60})
  void agreesWithAMapWhateverTheAddressesHaveInCommon(long stride) {
    for (long seed = 0; seed < 20; seed++) {
      run(new Random(seed), stride, "seed=" + seed + ", stride=" + stride);
    }
  }

  private static void run(Random random, long stride, String label) {
    var sizes = new BlockSizes();
    Map<Long, Long> model = new HashMap<>();
    Map<Long, Long> aside = new HashMap<>();
    int most = 1 + random.nextInt(500);
    for (int step = 0; step < 3000; step++) {
      long address = stride * (1 + random.nextInt(most));
      if (address == 0) {
        continue;
      }
      String at = label + ", step=" + step;
      if (random.nextInt(4) == 0) {
        setAsideOrSettle(sizes, model, aside, address, random.nextBoolean());
      } else if (random.nextBoolean()) {
        Long expected = model.remove(address);
        assertEquals(expected == null ? BlockSizes.ABSENT : expected, sizes.remove(address), at);
      } else if (!aside.containsKey(address) && model.putIfAbsent(address, step + 1L) == null) {
        sizes.put(address, step + 1L);
      }
      assertEquals(model.size(), sizes.count(), at);
      long probe = stride * (1 + random.nextInt(most));
      assertEquals(model.getOrDefault(probe, BlockSizes.ABSENT), sizes.get(probe), at);
    }
    assertEquals(model.values().stream().mapToLong(size -> size).sum(), sizes.bytes(), label);
    model.forEach((address, size) -> assertEquals(size, sizes.get(address), label));
    long[] first = sizes.first(8);
    assertEquals(Math.min(8, model.size()), LongStream.of(first).distinct().count(), label);
    assertTrue(LongStream.of(first).allMatch(model::containsKey), label);
  }

  /** Sets a block aside, or puts one back or forgets it. */
  private static void setAsideOrSettle(
      BlockSizes sizes,
      Map<Long, Long> model,
      Map<Long, Long> aside,
      long address,
      boolean putsBack) {
    Long size = aside.remove(address);
    if (size == null) {
      Long expected = model.remove(address);
      assertEquals(expected == null ? BlockSizes.ABSENT : expected, sizes.setAside(address));
      if (expected != null) {
        aside.put(address, expected);
      }
    } else if (putsBack) {
      sizes.putBack(address, size);
      model.put(address, size);
    } else {
      sizes.forget();
    }
  }
}
