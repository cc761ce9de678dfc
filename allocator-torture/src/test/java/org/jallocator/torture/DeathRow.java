package org.jallocator.torture;

import java.util.List;
import java.util.SplittableRandom;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.torture.FaultyAllocator.Bug;

/**
 * Threads that end and leave live blocks behind: others free these, and the memory of the dead
 * serves the living, so that the leaf is not asked for more and more.
 */
final class DeathRow implements Row {

  private static final long DEATHS = 60_000;
  private static final int GENERATION = 8;
  private static final int BLOCKS = 40;
  private static final long MOST_RESERVED = 256L << 20;

  @Override
  public String name() {
    return "deaths of threads with live blocks";
  }

  @Override
  public void run(Figures figures, Scale scale) {
    long deaths = scale.of(DEATHS, 400);
    List<String> stacks = Stacks.shared();
    int each = (int) Math.max(1, Math.min(500, deaths / stacks.size()));
    while (figures.total() < deaths) {
      for (String stack : stacks) {
        figures.add(die(stack, each));
      }
    }
  }

  private static long die(String stack, int least) {
    Tower tower = Tower.open(stack);
    Allocator allocator = tower.allocator();
    long[][] left = new long[GENERATION][];
    long deaths = 0;
    try {
      while (deaths < least) {
        long[][] before = left.clone();
        long seed = deaths;
        Threads.run(
            GENERATION,
            number -> {
              SplittableRandom random = new SplittableRandom(seed + number);
              left[number] = mallocSome(allocator, random);
              free(allocator, before[(number + 1) % GENERATION]);
            });
        deaths += GENERATION;
        AllocatorStats stats = allocator.stats();
        if (stats.isTracked() && stats.liveBlocks() != (long) GENERATION * BLOCKS) {
          throw new AssertionError("blocks are lost: " + stats);
        }
        if (tower.ledger().liveBytes() > MOST_RESERVED) {
          throw new AssertionError("the memory of the dead is not used again: " + stats);
        }
      }
      for (long[] blocks : left) {
        free(allocator, blocks);
      }
      tower.close();
    } catch (RuntimeException | Error e) {
      tower.abandon();
      throw new AssertionError(stack + ": " + e, e);
    }
    return deaths;
  }

  private static long[] mallocSome(Allocator allocator, SplittableRandom random) {
    long[] blocks = new long[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
      long size = 1 + random.nextLong(Math.min(allocator.maxSize(), i % 8 == 0 ? 50_000 : 200));
      blocks[i] = allocator.malloc(size);
      if (i % 2 == 0) {
        allocator.free(blocks[i]);
        blocks[i] = allocator.malloc(size);
      }
    }
    return blocks;
  }

  private static void free(Allocator allocator, long[] blocks) {
    if (blocks != null) {
      for (long block : blocks) {
        allocator.free(block);
      }
    }
  }

  @Override
  public List<Control> controls() {
    Bug bug = Bug.LOSES_BLOCKS_OF_THE_DEAD;
    String stack = FaultyProvider.expression(bug, Stacks.GENERAL);
    return List.of(new Control(bug.name(), () -> die(stack, 5 * GENERATION)));
  }
}
