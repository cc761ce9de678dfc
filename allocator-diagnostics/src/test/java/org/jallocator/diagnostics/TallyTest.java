package org.jallocator.diagnostics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a tally finds again, against a map. */
final class TallyTest {

  private static final int STEPS = 20_000;
  private static final int BLOCK = 16;
  private static final int FRESH = 100_000;
  private static final int MOST_CELLS = 256;

  private final Tally tally = new Tally(Thread.currentThread());
  private final Map<Long, Long> model = new HashMap<>();

  private void malloc(long address, long size) {
    tally.makeRoom();
    tally.add(address, size, true);
    model.put(address, size);
  }

  private void free(long address) {
    long size = model.getOrDefault(address, 0L);
    assertEquals(0, tally.take(address, size + 1), "another size");
    assertEquals(size, tally.take(address, 0), "address=" + address);
    model.remove(address);
  }

  @Test
  void aTallyIsAMapFromTheAddressesOfLiveBlocksToTheirSizes() {
    for (int addresses : new int[] {1, 2, 3, 40, 1000}) {
      for (long seed = 0; seed < 3; seed++) {
        Random random = new Random(seed);
        for (int step = 0; step < STEPS; step++) {
          String trial = "addresses=" + addresses + ", seed=" + seed + ", step=" + step;
          long address = BLOCK * (1L + random.nextInt(addresses));
          if (random.nextInt(addresses) > model.size() && !model.containsKey(address)) {
            malloc(address, 1L + random.nextInt(100));
          } else {
            free(address);
          }
          long other = BLOCK * (long) random.nextInt(addresses + 2);
          assertEquals(model.getOrDefault(other, 0L), tally.sizeOf(other), trial);
          assertEquals(model.size(), tally.netBlocks(), trial);
        }
        assertEquals(model.keySet(), addresses());
        new ArrayList<>(model.keySet()).forEach(this::free);
        assertEquals(0, tally.netBytes());
      }
    }
  }

  private Set<Long> addresses() {
    List<Long> addresses = new ArrayList<>();
    tally.forEach(addresses::add);
    Set<Long> set = new HashSet<>(addresses);
    assertEquals(addresses.size(), set.size(), "twice: " + addresses);
    return set;
  }

  @Test
  void noAddressIsThatOfABlockBeforeTheFirst() {
    for (long address : new long[] {0, -1, 1, BLOCK}) {
      free(address);
      assertEquals(0, tally.sizeOf(address));
    }
  }

  @Test
  void addressesThatAreNotHandedOutAgainLeaveTheTable() {
    SizeTable table = new SizeTable();
    for (long address = 1; address < FRESH; address++) {
      if (table.isFullFor(table.find(address))) {
        table.grow();
      }
      table.put(table.find(address), address, 1);
      if (address > BLOCK) {
        assertEquals(1, table.take(address - BLOCK, 1));
      }
    }
    assertTrue(table.end() <= MOST_CELLS, () -> "end=" + table.end());
  }

  @Test
  void aBlockThatTheInnerHandsOutTwiceCountsAsFreed() {
    malloc(BLOCK, 1);
    malloc(BLOCK, 2);
    assertEquals(2, tally.netBlocks(), "not yet seen");
    malloc(2 * BLOCK, 4);
    assertEquals(2, tally.netBlocks());
    assertEquals(6, tally.netBytes());
    free(BLOCK);
    free(2 * BLOCK);
    assertEquals(0, tally.netBlocks());
  }
}
