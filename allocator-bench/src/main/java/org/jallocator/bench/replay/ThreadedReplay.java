package org.jallocator.bench.replay;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jallocator.Allocator;
import org.jallocator.bench.run.Crew;
import org.jallocator.bench.trace.Trace;
import org.jspecify.annotations.Nullable;

/**
 * Makes the calls of one trace on an allocator, those of each recorded thread on a thread of its
 * own, and times them from the common start to the end of the last.
 *
 * <p>Every thread makes its calls in the recorded order and as fast as it can. A free of a block
 * that another thread mallocs waits for that malloc; nothing else waits. That cannot block for
 * ever: whom a call waits for stands before it in the trace.
 *
 * <p>A block that one thread both mallocs and frees keeps its slot, in an array that is that
 * thread's own. A block that is freed by another thread is passed on in a cell that no other block
 * uses: a slot might be filled again before the free has read it. A round leaves all cells empty.
 *
 * <p>Confined to its owner thread, but for the threads that it starts.
 */
final class ThreadedReplay implements Replay {

  private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);

  /** Looks at a cell between two looks at the rest of the world. */
  private static final int SPINS = 256;

  private final List<Calls> threads = new ArrayList<>();
  private final long[] cells;

  ThreadedReplay(Trace trace) {
    int[] places = places(trace);
    cells = new long[1 + ~Math.min(-1, Arrays.stream(places).min().orElse(-1))];
    Arrays.stream(trace.threads())
        .distinct()
        .forEach(thread -> threads.add(new Calls(trace, thread, places, cells)));
  }

  /** {@return for each call its slot, or, if the block changes threads, ~ of its cell} */
  private static int[] places(Trace trace) {
    int[] places = trace.slots().clone();
    int[] threads = trace.threads();
    int[] mallocInSlot = new int[trace.slotCount()];
    int cells = 0;
    for (int i = 0; i < places.length; i++) {
      int slot = places[i];
      if (trace.sizes()[i] != Trace.FREE) {
        mallocInSlot[slot] = i;
      } else if (threads[mallocInSlot[slot]] != threads[i]) {
        places[mallocInSlot[slot]] = ~cells;
        places[i] = ~cells;
        cells++;
      }
    }
    return places;
  }

  @Override
  public long run(Allocator allocator) {
    threads.forEach(calls -> calls.allocator = allocator);
    long nanos = Crew.run(Thread::new, threads);
    threads.forEach(Calls::freeRest);
    return nanos;
  }

  /** The calls of one thread. */
  private static final class Calls implements Crew.Work {

    private final int[] places;
    private final long[] sizes;
    private final long[] addresses;
    private final long[] cells;
    private final int[] liveAtEnd;
    private @Nullable Allocator allocator;

    Calls(Trace trace, int thread, int[] places, long[] cells) {
      int[] own =
          IntStream.range(0, places.length).filter(i -> trace.threads()[i] == thread).toArray();
      this.places = Arrays.stream(own).map(i -> places[i]).toArray();
      sizes = Arrays.stream(own).mapToLong(i -> trace.sizes()[i]).toArray();
      addresses = new long[1 + Math.max(-1, Arrays.stream(this.places).max().orElse(-1))];
      this.cells = cells;
      liveAtEnd = liveAtEnd();
    }

    private int[] liveAtEnd() {
      boolean[] live = new boolean[addresses.length];
      for (int i = 0; i < places.length; i++) {
        if (places[i] >= 0) {
          live[places[i]] = sizes[i] != Trace.FREE;
        }
      }
      return IntStream.range(0, live.length).filter(i -> live[i]).toArray();
    }

    @Override
    public Crew.@Nullable Work run(Crew crew) {
      call(allocator(), crew);
      return null;
    }

    private void call(Allocator allocator, Crew crew) {
      int[] places = this.places;
      long[] sizes = this.sizes;
      long[] addresses = this.addresses;
      for (int i = 0; i < places.length; i++) {
        int place = places[i];
        long size = sizes[i];
        if (place < 0) {
          callAcross(allocator, ~place, size, crew);
        } else if (size == Trace.FREE) {
          allocator.free(addresses[place]);
        } else {
          addresses[place] = allocator.malloc(size);
        }
      }
    }

    @SuppressWarnings("ThreadPriorityCheck") // if threads outnumber processors it saves time
    private void callAcross(Allocator allocator, int cell, long size, Crew crew) {
      if (size != Trace.FREE) {
        CELL.setRelease(cells, cell, allocator.malloc(size));
        return;
      }
      long address = (long) CELL.getAcquire(cells, cell);
      for (int spin = 1; address == Allocator.NULL; spin++) {
        if (spin % SPINS == 0) {
          crew.check();
          Thread.yield();
        }
        Thread.onSpinWait();
        address = (long) CELL.getAcquire(cells, cell);
      }
      cells[cell] = Allocator.NULL;
      allocator.free(address);
    }

    private void freeRest() {
      Allocator allocator = allocator();
      for (int place : liveAtEnd) {
        allocator.free(addresses[place]);
      }
    }

    private Allocator allocator() {
      if (allocator == null) {
        throw new IllegalStateException("no allocator to replay on");
      }
      return allocator;
    }
  }
}
