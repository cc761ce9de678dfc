package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.spi.StackChecked;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An inner that now and then refuses to take a page back, as it is or for what was written behind
 * it, or finds no stack to do so.
 */
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

  /** As if the Java heap had been full when the inner refused it. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aPageThatNoPoolCouldUseAgainGoesBackAtClosing(boolean shared) {
    var inner = new Unwilling();
    PagedAllocator blocks = withAStrandedPage(inner, shared);
    long live = blocks.malloc(64);
    assertEquals(1280, blocks.stats().reservedBytes());
    assertEquals(1280, inner.ledger.liveBytes());
    assertThrows(LeakException.class, blocks::close);
    blocks.free(live);
    inner.unwilling = true;
    assertThrows(Refusal.class, blocks::close);
    inner.unwilling = false;
    blocks.close();
    inner.ledger.assertEverythingReturned();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aPageThatNoPoolCouldUseAgainGoesBackWithLiveBlocksToo(boolean shared) {
    var inner = new Unwilling();
    PagedAllocator blocks = withAStrandedPage(inner, shared);
    assertTrue(blocks.malloc(64) != 0);
    assertThrows(LeakException.class, blocks::closeAndRelease);
    inner.ledger.assertEverythingReturned();
  }

  private static PagedAllocator withAStrandedPage(Unwilling inner, boolean shared) {
    var blocks =
        (PagedAllocator)
            FixedBlockAllocator.builder(inner).blockSize(64).pageSize(640).shared(shared).build();
    long block = blocks.malloc(64);
    Page page = blocks.findBlock(block);
    blocks.free(block);
    assertSame(page, page.pool.detachAllFree());
    inner.unwilling = true;
    assertTrue(blocks.source.isRefusal(blocks.source.giveBack(page)));
    inner.unwilling = false;
    blocks.source.strand(page);
    return blocks;
  }

  private static final class Unwilling extends TroublesomeInner {

    private boolean unwilling;

    @Override
    void beforeFree() {
      if (unwilling) {
        throw new Refusal();
      }
    }
  }

  private static void closeInTheEnd(Refusing inner, FixedBlockAllocator blocks) {
    try {
      blocks.close();
    } catch (Refusal | InvalidFreeException | StackOverflowError e) {
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
        switch (random.nextInt(3)) {
          case 0 -> throw new StackOverflowError("refused");
          case 1 -> throw new InvalidFreeException(Reason.OVERRUN, "guarded", address);
          default -> throw new Refusal();
        }
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
