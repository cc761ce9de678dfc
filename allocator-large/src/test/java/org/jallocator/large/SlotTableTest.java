package org.jallocator.large;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SlotTableTest {

  private static final int SLOTS = 1 << 14;

  @Test
  void agreesWithASetAfterEachStep() {
    for (long seed = 1; seed <= 20; seed++) {
      Random random = new Random(seed);
      int slots = 1 + random.nextInt(64);
      SlotTable table = new SlotTable(slots, random.nextLong());
      long[] keys = new long[slots + 1];
      TreeSet<Integer> entered = new TreeSet<>();
      for (int step = 0; step < 5000; step++) {
        int slot = 1 + random.nextInt(slots);
        if (entered.remove(slot)) {
          table.remove(keys, slot);
        } else {
          keys[slot] = random.nextInt(8) == 0 ? random.nextInt(4) : random.nextLong();
          table.add(keys, slot);
          entered.add(slot);
        }
        for (int i = 1; i <= slots; i++) {
          int found = table.find(keys, keys[i]);
          boolean expected = false;
          for (int each : entered) {
            expected |= keys[each] == keys[i];
          }
          assertEquals(expected, found != 0, "seed=" + seed + ", step=" + step);
          assertTrue(found == 0 || (entered.contains(found) && keys[found] == keys[i]));
        }
      }
    }
  }

  @Test
  void aSlotThatIsNotThereIsNotTakenOut() {
    SlotTable table = new SlotTable(4, 1);
    long[] keys = {0, 7, 7, 8};
    table.add(keys, 1);
    table.remove(keys, 2);
    assertEquals(1, table.find(keys, 7));
    table.remove(keys, 1);
    assertEquals(0, table.find(keys, 7));
  }

  /** The mean search in a random table of this load is 1.5 entries; a bad hash takes thousands. */
  @ParameterizedTest
  @ValueSource(ints = {0, 4, 12, 16, 21, 30, 32, 40, 50})
  void noStrideFillsOnePartOfTheTable(int shift) {
    for (long base : new long[] {0, 1L << 47, Long.MIN_VALUE, -1L << 30}) {
      SlotTable table = new SlotTable(SLOTS, 12345);
      long[] keys = new long[SLOTS + 1];
      for (int slot = 1; slot <= SLOTS; slot++) {
        keys[slot] = base + ((long) slot << shift);
        table.add(keys, slot);
      }
      long looks = 0;
      for (int slot = 1; slot <= SLOTS; slot++) {
        int place = table.first(keys[slot]);
        for (; table.at(place) != slot; place = table.next(place)) {
          looks++;
        }
      }
      assertTrue(looks < 2L * SLOTS, "looks=" + looks + ", shift=" + shift);
    }
  }
}
