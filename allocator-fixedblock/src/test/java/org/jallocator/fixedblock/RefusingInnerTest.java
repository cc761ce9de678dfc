package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.spi.StackChecked;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Test;

/** An inner that now and then refuses to take a page back, or finds no stack to do so. */
final class RefusingInnerTest {

  private static final long SEED = 20261122;

  @Test
  void noBlockIsMiscountedWhateverPageTheInnerRefuses() {
    for (long seed = SEED; seed < SEED + 2000; seed++) {
      var random = new Random(seed);
      var ledger = RecordingAllocator.create();
      var inner = new Refusing(ledger, random);
      int blocksPerPage = 1 << random.nextInt(8);
      var blocks = FixedBlockAllocator.create(inner, 64L * blocksPerPage, 64, 8);
      List<Long> live = new ArrayList<>();
      for (int step = 0; step < 6 * blocksPerPage; step++) {
        live.add(blocks.malloc(1));
      }
      inner.refusing = true;
      while (!live.isEmpty()) {
        long address = live.remove(random.nextInt(live.size()));
        blocks.free(address); // a page that the inner refuses is held still
        assertEquals(live.size(), blocks.stats().liveBlocks(), "seed=" + seed);
        assertEquals(ledger.liveBytes(), blocks.stats().reservedBytes(), "seed=" + seed);
      }
      closeInTheEnd(inner, blocks);
      ledger.assertEverythingReturned();
    }
  }

  private static void closeInTheEnd(Refusing inner, FixedBlockAllocator blocks) {
    try {
      blocks.close();
    } catch (Refusal | StackOverflowError e) {
      inner.refusing = false;
      blocks.close();
    }
    assertThrows(IllegalStateException.class, () -> blocks.malloc(1));
  }

  private static final class Refusal extends IllegalStateException {
    private static final long serialVersionUID = 1L;
  }

  private static final class Refusing implements Allocator, StackChecked {

    private final Allocator inner;
    private final Random random;
    private boolean refusing;

    private Refusing(Allocator inner, Random random) {
      this.inner = inner;
      this.random = random;
    }

    @Override
    public long malloc(long size) {
      return inner.malloc(size);
    }

    @Override
    public long tryMalloc(long size) {
      return inner.tryMalloc(size);
    }

    @Override
    public void free(long address) {
      free(address, 1);
    }

    @Override
    public void free(long address, long size) {
      if (refusing && random.nextInt(3) == 0) {
        if (random.nextBoolean()) {
          throw new StackOverflowError("refused");
        }
        throw new Refusal();
      }
      inner.free(address, size);
    }

    @Override
    public boolean isStackChecked() {
      return true;
    }

    @Override
    public long maxSize() {
      return inner.maxSize();
    }

    @Override
    public long alignment() {
      return inner.alignment();
    }

    @Override
    public boolean isShared() {
      return inner.isShared();
    }

    @Override
    public AllocatorStats stats() {
      return inner.stats();
    }

    @Override
    public void close() {}
  }
}
