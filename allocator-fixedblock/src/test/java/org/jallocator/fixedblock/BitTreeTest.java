package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class BitTreeTest {

  private static final long SEED = 20261122;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 63, 64, 65, 4095, 4096, 4097, 262_144, 262_145})
  void agreesWithASortedSetAfterEachOfManyRandomSteps(int bits) {
    Random random = new Random(SEED);
    BitTree tree = new BitTree(BitTree.levels(bits));
    TreeSet<Integer> model = new TreeSet<>();
    for (int step = 0; step < 4000; step++) {
      int bit = random.nextBoolean() ? random.nextInt(bits) : random.nextInt(Math.min(bits, 70));
      if (random.nextInt(100) < 55) {
        tree.set(bit);
        model.add(bit);
      } else {
        tree.clear(bit);
        model.remove(bit);
      }
      String at = "seed=" + SEED + ", bits=" + bits + ", step=" + step;
      assertEquals(model.contains(bit), tree.contains(bit), at);
      assertEquals(model.isEmpty(), tree.isEmpty(), at);
      if (!model.isEmpty()) {
        assertEquals(model.first(), tree.lowest(), at);
        assertEquals(model.last(), tree.highest(), at);
        assertEquals(model.first() >>> 6, tree.lowestWord(), at);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 63, 64, 65, 4096, 4097, 262_145, PageRules.MAX_BLOCKS})
  void aFilledTreeHasEveryMemberAndNoOther(int bits) {
    BitTree tree = new BitTree(BitTree.levels(bits));
    tree.fill(bits);
    assertEquals(0, tree.lowest());
    assertEquals(bits - 1, tree.highest());
    int words = (bits + 63) / 64;
    long count = 0;
    for (int word = 0; word < words; word++) {
      count += Long.bitCount(tree.words[word]);
    }
    assertEquals(bits, count);
    for (int bit = 0; bit < bits; bit++) {
      tree.clear(bit);
    }
    assertTrue(tree.isEmpty());
  }

  @Test
  void raisingTellsWhetherTheTreeWasEmpty() {
    BitTree tree = new BitTree(BitTree.levels(10_000));
    tree.words[100] = 1;
    assertTrue(tree.raise(100));
    tree.words[101] = 1;
    assertFalse(tree.raise(101));
  }
}
