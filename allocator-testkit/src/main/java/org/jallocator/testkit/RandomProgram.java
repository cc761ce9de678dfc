package org.jallocator.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Random;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.OwningAllocator;

/**
 * A random program of mallocs and frees in all their forms, with wrong calls mixed in. The same
 * workload and seed give the same program for the same allocator.
 */
final class RandomProgram {

  private static final int MAX_LIVE = 150;
  private static final int TEETH = 12;
  private static final int ONE_PROBE_IN = 8;
  private static final long[] SMALL_LIMITS = {8, 64, 64, 64, 512, 4096, 1 << 17};

  private final Subject subject;
  private final Allocator allocator;
  private final Workload workload;
  private final Random random;
  private final long sawtoothSize;

  private boolean growing = true;
  private int height;
  private int teeth;
  private int depth = 1;
  private long innerMallocs;

  RandomProgram(Subject subject, Workload workload, long seed) {
    this.subject = subject;
    this.allocator = subject.allocator();
    this.workload = workload;
    this.random = new Random(seed);
    this.sawtoothSize = size();
    this.innerMallocs = allocator.stats().innerMallocs();
  }

  /** Runs some steps, then frees everything and closes. */
  void run(int steps) {
    for (int i = 0; i < steps; i++) {
      subject.step(this::step);
    }
    subject.step(subject::closeEmpty);
  }

  private void step() {
    if (random.nextInt(ONE_PROBE_IN) == 0) {
      probe();
    } else if (workload == Workload.SCOPES && random.nextInt(4) == 0) {
      scope();
    } else if (grows(subject.blocks().size())) {
      long size = workload == Workload.SAWTOOTH ? sawtoothSize : size();
      subject.mallocIfMemory(size, random.nextBoolean());
    } else {
      freeOne();
    }
  }

  private boolean grows(int live) {
    return switch (workload) {
          case TEMPORARY -> live <= random.nextInt(2);
          case QUEUE, STACK, HEAP -> tide(live);
          case CHURN, SCOPES -> live < MAX_LIVE / 3 || (live < MAX_LIVE && random.nextBoolean());
          case SAWTOOTH -> sawtooth(live);
        }
        || live == 0;
  }

  private boolean tide(int live) {
    if (live == 0) {
      growing = true;
      height = 1 + random.nextInt(MAX_LIVE);
    } else if (live >= height) {
      growing = false;
    }
    return growing;
  }

  private boolean sawtooth(int live) {
    long before = innerMallocs;
    innerMallocs = allocator.stats().innerMallocs();
    if (teeth == 0) {
      if (innerMallocs == before && live < MAX_LIVE) {
        return true;
      }
      teeth = TEETH;
      height = live;
    }
    if (live <= height - depth) {
      growing = true;
    } else if (live >= height) {
      growing = false;
      depth = 1 + random.nextInt(3);
      teeth--;
    }
    return growing;
  }

  private void freeOne() {
    List<Model.Block> blocks = subject.blocks();
    int victim =
        switch (workload) {
          case QUEUE -> 0;
          case STACK, SAWTOOTH -> blocks.size() - 1;
          default -> random.nextInt(blocks.size());
        };
    long address = blocks.get(victim).address();
    switch (random.nextInt(allocator instanceof OwningAllocator ? 4 : 2)) {
      case 0 -> subject.free(address);
      case 1 -> subject.freeSized(address);
      case 2 -> subject.tryFree(address);
      default -> subject.tryFreeSized(address);
    }
  }

  private void scope() {
    List<Subject.Mark> marks = subject.marks();
    int choice = random.nextInt(16);
    if (choice == 0) {
      subject.freeAll();
    } else if (choice < 9 || marks.isEmpty()) {
      subject.mark();
    } else {
      boolean nested = random.nextInt(3) != 0;
      subject.release(marks.get(nested ? marks.size() - 1 : random.nextInt(marks.size())));
    }
  }

  /** A size of at most maxSize: mostly small, sometimes at a limit. */
  private long size() {
    long maxSize = allocator.maxSize();
    long limit = SMALL_LIMITS[random.nextInt(SMALL_LIMITS.length)];
    if (maxSize <= limit && random.nextInt(4) == 0) {
      return maxSize - random.nextLong(Math.min(2, maxSize));
    }
    return 1 + random.nextLong(Math.min(limit, maxSize));
  }

  /** A call that must change nothing. */
  private void probe() {
    int choice = random.nextInt(allocator instanceof OwningAllocator ? 8 : 3);
    if (choice == 0) {
      unserved();
    } else if (subject.blocks().isEmpty()) {
      allocator.free(Allocator.NULL);
    } else if (choice <= 2) {
      impossibleSize(randomBlock());
    } else {
      wrongFree(choice);
    }
    subject.check();
  }

  private void unserved() {
    AllocatorStats before = allocator.stats();
    subject.refuses(IllegalArgumentException.class, "malloc(0)", () -> allocator.malloc(0));
    if (allocator.maxSize() < Long.MAX_VALUE) {
      assertEquals(
          Allocator.NULL,
          allocator.tryMalloc(allocator.maxSize() + 1),
          "tryMalloc of more than maxSize");
    }
    assertEquals(before, allocator.stats(), "stats");
  }

  private void impossibleSize(Model.Block block) {
    long size = random.nextBoolean() ? -random.nextLong(1 << 20) : Long.MIN_VALUE;
    InvalidFreeException e =
        subject.refuses(
            InvalidFreeException.class,
            "free with size=" + size,
            () -> allocator.free(block.address(), size));
    assertEquals(Reason.SIZE_MISMATCH, e.reason(), "reason");
  }

  private void wrongFree(int choice) {
    WrongFrees wrong = new WrongFrees(subject);
    Model.Block block = randomBlock();
    if (choice == 3 && block.size() > 1) {
      long offset = 1 + random.nextLong(block.size() - 1);
      wrong.refused(block.address() + offset, 1, Reason.NOT_A_BLOCK);
    } else if (choice == 4) {
      List<Long> candidates = wrong.foreignCandidates();
      wrong.foreignUnlessHeld(List.of(candidates.get(random.nextInt(candidates.size()))));
    } else if (!subject.freed().isEmpty()) {
      long stale = subject.freed().get(random.nextInt(subject.freed().size()));
      if (!subject.isLive(stale)) {
        wrong.refusedAsStale(stale);
      }
    }
  }

  private Model.Block randomBlock() {
    return subject.blocks().get(random.nextInt(subject.blocks().size()));
  }
}
