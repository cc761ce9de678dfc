package org.jallocator.bench.threads;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import org.jallocator.bench.contenders.Blocks;
import org.jallocator.bench.contenders.Contender;
import org.jallocator.bench.run.Crew;
import org.jspecify.annotations.Nullable;

/**
 * What the threads of a server do: each has {@value #SLOTS} slots and puts a block of a random size
 * into a random one, again and again. Of eight blocks that must go, it frees seven and hands one to
 * its neighbour. The neighbour frees that one. After a while the thread ends, and a new thread
 * takes over its slots.
 *
 * <p>Blocks are handed over in parcels of {@value #PARCEL}, so that the hand-over costs little
 * beside what is measured. If a neighbour does not keep up, as happens if there are more threads
 * than processors, its inbox is full and a thread frees the parcel itself; so no more than {@value
 * #INBOX} parcels wait for any thread.
 *
 * <p>Blocks still in slots at the end are freed within the time measured; those in inboxes after
 * it. The random numbers are the same in every round.
 */
final class Mix {

  private static final int SLOTS = 1000;
  private static final int PARCEL = 64;
  private static final int INBOX = 128;

  /** Operations between two looks into the inbox; a power of two. */
  private static final int LOOK = 64;

  private final Contender contender;
  private final int quota;
  private final int life;
  private final boolean yields;
  private final List<Line> lines = new ArrayList<>();

  /**
   * Makes the slots.
   *
   * @param threads how many lines there are, each a thread and its successors
   * @param quota operations of each line
   * @param life operations of each thread
   * @param yields whether a thread lets others run now and then, as one that waits for its client
   *     does; a virtual thread would keep its processor else
   */
  Mix(Contender contender, int threads, int quota, int life, boolean yields) {
    this.contender = contender;
    this.quota = quota;
    this.life = life;
    this.yields = yields;
    for (int i = 0; i < threads; i++) {
      lines.add(new Line(i));
    }
  }

  /** {@return the time from the common start to the end of the last thread, in nanoseconds} */
  long run(ThreadFactory threads) {
    return emptied(Crew.run(threads, lines));
  }

  /** {@return the same, on threads that may be there already} */
  long runOn(Executor threads) {
    return emptied(Crew.runOn(threads, lines));
  }

  private long emptied(long nanos) {
    lines.forEach(Line::emptyInbox);
    return nanos;
  }

  /** What a thread hands on to its successor. */
  private final class Line implements Crew.Work {

    private final int index;
    private final Blocks slots = contender.blocks().apply(SLOTS);
    private final Queue<Blocks> inbox = new ArrayBlockingQueue<>(INBOX);
    private final ArrayDeque<Blocks> emptyParcels = new ArrayDeque<>();
    private Blocks parcel = contender.blocks().apply(PARCEL);
    private int inParcel;
    private int done;
    private final MixedSizes random;

    Line(int index) {
      this.index = index;
      this.random = new MixedSizes(index);
    }

    @Override
    @SuppressWarnings("ThreadPriorityCheck") // a yield stands for waiting; nothing relies on it
    public Crew.@Nullable Work run(Crew crew) {
      int end = Math.min(quota, done + life);
      while (done < end) {
        replace();
        if ((++done & (LOOK - 1)) == 0) {
          emptyInbox();
          if (yields) {
            Thread.yield();
          }
        }
      }
      if (done < quota) {
        return this;
      }
      slots.freeAll();
      parcel.freeAll();
      return null;
    }

    private void replace() {
      random.next();
      int slot = random.below(SLOTS);
      if (slots.isLive(slot) && random.isOneInEight()) {
        handOver(slot);
      } else {
        slots.free(slot);
      }
      slots.malloc(slot, random.size());
    }

    private void handOver(int slot) {
      slots.move(slot, parcel, inParcel++);
      if (inParcel < PARCEL) {
        return;
      }
      inParcel = 0;
      if (lines.get((index + 1) % lines.size()).inbox.offer(parcel)) {
        Blocks empty = emptyParcels.poll();
        parcel = empty == null ? contender.blocks().apply(PARCEL) : empty;
      } else {
        parcel.freeAll();
      }
    }

    private void emptyInbox() {
      for (Blocks received = inbox.poll(); received != null; received = inbox.poll()) {
        received.freeAll();
        emptyParcels.add(received);
      }
    }
  }
}
