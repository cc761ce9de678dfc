package org.jallocator.arena;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Test;

/** What happens where the inner does not take memory back, or the Java heap is full. */
final class ArenaRefusalTest {

  /** Throws where it is told to when memory is given back; else passes everything on. */
  private static final class RefusingAllocator implements Allocator {
    private final RecordingAllocator inner = RecordingAllocator.create();
    private final Set<Long> refused = new HashSet<>();
    private final List<RuntimeException> thrown = new ArrayList<>();

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
      if (refused.contains(address)) {
        RuntimeException refusal =
            new IllegalStateException("refused: address=0x" + Long.toHexString(address));
        thrown.add(refusal);
        throw refusal;
      }
      inner.free(address);
    }

    @Override
    public void free(long address, long size) {
      assertEquals(inner.liveBlocks().get(address), size);
      free(address);
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
    public void close() {
      inner.close();
    }
  }

  private final RefusingAllocator inner = new RefusingAllocator();
  private final ArenaAllocator arena =
      ArenaAllocator.builder(inner).chunkSize(1024).retain(0).build();

  private void assertRefused(Runnable call) {
    inner.thrown.clear();
    RuntimeException first = assertThrows(RuntimeException.class, call::run);
    assertSame(inner.thrown.get(0), first);
    assertArrayEquals(
        inner.thrown.subList(1, inner.thrown.size()).toArray(), first.getSuppressed());
    AllocatorStats stats = arena.stats();
    assertEquals(inner.inner.liveBytes(), stats.reservedBytes());
    assertEquals(inner.inner.mallocs(), stats.innerMallocs());
    assertEquals(inner.inner.frees(), stats.innerFrees());
  }

  private List<Long> mallocs(int count, long size) {
    List<Long> addresses = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      addresses.add(arena.malloc(size));
    }
    return addresses;
  }

  @Test
  void aBlockThatTheInnerRefusesStaysLive() {
    long own = arena.malloc(1000);
    inner.refused.add(own);
    assertRefused(() -> arena.free(own));
    assertEquals(1, arena.stats().liveBlocks());
    inner.refused.clear();
    arena.free(own);
    arena.close();
    inner.inner.assertEverythingReturned();
  }

  @Test
  void freeAllGivesBackWhatTheInnerTakesAndKeepsTheRest() {
    for (int refused = 0; refused < 20; refused++) {
      List<Long> own = mallocs(20, 1000);
      List<Long> chunks = new ArrayList<>(inner.inner.liveBlocks().keySet());
      mallocs(40, 100);
      inner.refused.add(own.get(refused));
      inner.refused.add(own.get(19 - refused));
      assertRefused(arena::freeAll);
      assertTrue(arena.owns(own.get(refused)));
      assertTrue(arena.owns(own.get(19 - refused)));
      assertEquals(2, arena.stats().liveBlocks(), () -> "chunks=" + chunks);
      assertEquals(3, inner.inner.liveBlocks().size());
      inner.refused.clear();
      arena.freeAll();
      assertEquals(1, inner.inner.liveBlocks().size());
    }
    arena.close();
    inner.inner.assertEverythingReturned();
  }

  @Test
  void freeAllKeepsAChunkThatTheInnerRefusesForLater() {
    mallocs(50, 100);
    List<Long> chunks = List.copyOf(inner.inner.liveBlocks().keySet());
    inner.refused.addAll(chunks.subList(0, 2));
    assertRefused(arena::freeAll);
    assertEquals(0, arena.stats().liveBlocks());
    assertEquals(3, inner.inner.liveBlocks().size());
    long before = inner.inner.mallocs();
    mallocs(27, 100);
    assertEquals(before, inner.inner.mallocs());
    inner.refused.clear();
    arena.freeAll();
    arena.close();
    inner.inner.assertEverythingReturned();
  }

  @Test
  void releaseGivesBackWhatTheInnerTakesAndKeepsTheRest() {
    long older = arena.malloc(1000);
    long mark = arena.mark();
    List<Long> own = mallocs(20, 1000);
    mallocs(40, 100);
    inner.refused.add(own.get(3));
    assertRefused(() -> arena.release(mark));
    assertEquals(2, arena.stats().liveBlocks());
    assertThrows(IllegalStateException.class, () -> arena.release(mark));
    inner.refused.clear();
    arena.free(own.get(3));
    arena.free(older);
    arena.close();
    inner.inner.assertEverythingReturned();
  }

  @Test
  void closeGivesBackWhatTheInnerTakesAndCanBeTriedAgain() {
    mallocs(50, 100).forEach(arena::free);
    List<Long> chunks = List.copyOf(inner.inner.liveBlocks().keySet());
    inner.refused.add(chunks.get(2));
    assertRefused(arena::close);
    assertEquals(1, inner.inner.liveBlocks().size());
    long address = arena.malloc(100);
    assertEquals(chunks.get(2), address);
    arena.free(address);
    inner.refused.clear();
    arena.close();
    inner.inner.assertEverythingReturned();
  }

  @Test
  void aFullJavaHeapLosesNothing() {
    ArenaAllocator books = ArenaAllocator.create(inner, 1L << 30, 1);
    List<Long> live = new ArrayList<>();
    long half = 1L << 29;
    OutOfMemoryError error =
        assertThrows(
            OutOfMemoryError.class,
            () -> {
              for (int i = 0; i < 64; i++) {
                live.add(books.malloc(half));
              }
            });
    assertEquals(
        "arena: no memory: size=536870912, reserved=" + inner.inner.liveBytes(),
        error.getMessage());
    long more = books.tryMalloc(half); // the collector may have found room meanwhile
    if (more != Allocator.NULL) {
      live.add(more);
    }
    assertEquals(inner.inner.liveBytes(), books.stats().reservedBytes());
    assertEquals(live.size(), books.stats().liveBlocks());
    live.forEach(books::free);
    books.close();
    inner.inner.assertEverythingReturned();
  }
}
