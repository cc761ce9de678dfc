package org.jallocator.diagnostics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.Field;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a thread that polls the figures of a layer sees while others allocate. */
@Tag("once")
final class FiguresRaceTest {

  private static final long NANOS = TimeUnit.MILLISECONDS.toNanos(400);
  private static final long FIRST_SIZE = 1 << 20;
  private static final long STEP = 1 << 16;

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final long end = System.nanoTime() + NANOS;

  @AfterEach
  void endTheThreads() {
    threads.shutdownNow();
  }

  @ParameterizedTest
  @ValueSource(strings = {"stats", "limit", "tracked"})
  void thePeakNeverFallsAndNothingIsFreedBeforeItWasAllocated(String name) throws Exception {
    Allocator layer = Layers.of(name).apply(new Invented());
    List<Future<?>> others =
        List.of(threads.submit(() -> poll(layer)), threads.submit(() -> poll(layer)));
    long second = threads.submit(() -> layer.malloc(STEP)).get(); // a thread more has figures
    long size = FIRST_SIZE;
    while (System.nanoTime() < end) {
      size += STEP;
      long large = layer.malloc(size);
      long small = layer.malloc(1);
      layer.free(large);
      layer.free(small);
    }
    for (Future<?> other : others) {
      other.get();
    }
    layer.free(second);
    AllocatorStats last = layer.stats();
    assertEquals(0, last.liveBlocks());
    assertEquals(last.innerMallocs(), last.innerFrees());
  }

  private void poll(Allocator layer) {
    long peak = 0;
    long mallocs = 0;
    long frees = 0;
    String wrong = "";
    while (System.nanoTime() < end) {
      AllocatorStats now = layer.stats();
      if (now.peakReservedBytes() < peak
          || now.innerMallocs() < mallocs
          || now.innerFrees() < frees
          || now.innerFrees() > now.innerMallocs()
          || now.reservedBytes() > now.peakReservedBytes()) {
        wrong = now + " after peak=" + peak + ", mallocs=" + mallocs + ", frees=" + frees;
      }
      peak = now.peakReservedBytes();
      mallocs = now.innerMallocs();
      frees = now.innerFrees();
    }
    assertEquals("", wrong);
  }

  @Test
  void whatWasLiveWhenStatsWasAskedIsInEveryLaterPeak() throws Exception {
    StatsAllocator stats = StatsAllocator.create(new Invented());
    Future<?> other = threads.submit(() -> poll(stats));
    long second = threads.submit(() -> stats.malloc(STEP)).get();
    long size = FIRST_SIZE;
    long lacking = 0;
    while (System.nanoTime() < end) {
      size += STEP;
      long large = stats.malloc(size);
      long live = stats.stats().liveBytes();
      stats.free(large);
      lacking = Math.max(lacking, live - stats.stats().peakReservedBytes());
    }
    other.get();
    assertEquals(0, lacking);
    stats.free(second);
    stats.close();
  }

  @Test
  void figuresAreToldWhileAnotherThreadHasTheMonitorOfThePeaks() throws Exception {
    StatsAllocator stats = StatsAllocator.create(new Invented());
    long block = stats.malloc(STEP);
    Field monitor = TallySums.class.getDeclaredField("peaks");
    monitor.setAccessible(true);
    synchronized (monitor.get(stats.tallies)) {
      Future<Long> told =
          threads.submit(
              () -> {
                assertEquals(1, stats.mallocs());
                assertEquals(0, stats.frees() + stats.failures());
                return stats.stats().peakReservedBytes();
              });
      assertEquals(STEP, told.get(120, TimeUnit.SECONDS));
    }
    stats.free(block);
    stats.close();
  }

  /** Addresses that nobody reads or writes. */
  private static final class Invented implements Allocator {

    private static final long GRANULE = 64;
    private final AtomicLong next = new AtomicLong(1 << 20);

    @Override
    public long malloc(long size) {
      return next.getAndAdd(size + GRANULE & -GRANULE);
    }

    @Override
    public long tryMalloc(long size) {
      return malloc(size);
    }

    @Override
    public void free(long address) {}

    @Override
    public void free(long address, long size) {}

    @Override
    public long maxSize() {
      return Long.MAX_VALUE;
    }

    @Override
    public long alignment() {
      return GRANULE;
    }

    @Override
    public boolean isShared() {
      return true;
    }

    @Override
    public AllocatorStats stats() {
      return AllocatorStats.UNTRACKED;
    }

    @Override
    public void close() {}
  }
}
