package org.jallocator.torture;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.torture.FaultyAllocator.Bug;

/**
 * Short races of two threads, from a common start and with delays that differ from race to race;
 * after each race, what both were given is compared with what a sequence of the calls could give.
 */
final class RaceRow implements Row {

  /** What the two threads do. */
  private enum Kind {
    /** Both malloc and free: no block is given to both. */
    MALLOC_WITH_MALLOC,
    /** One mallocs, the other frees blocks of the first: none is given out while it is live. */
    MALLOC_WITH_REMOTE_FREE,
    /** Both free blocks of the first thread's heap. */
    FREE_WITH_REMOTE_FREE,
    /** Both free one block: at least one succeeds, and a success too many is reported. */
    FREE_WITH_SAME_FREE,
    /** One trims while the other mallocs and frees. */
    TRIM_WITH_MALLOC,
    /** One reads the figures while the other mallocs and frees. */
    STATS_WITH_MALLOC
  }

  private static final long RACES = 200_000;
  private static final int RACES_A_STACK = 500;
  private static final int CALLS = 6;
  private static final int MOST_DELAY = 200;
  private static final Pattern COUNT = Pattern.compile("freed twice: count=(\\d+)");
  private static final Kind[] KINDS = Kind.values();

  @Override
  public String name() {
    return "races of two threads, outcomes checked";
  }

  @Override
  public void run(Figures figures, Scale scale) {
    long races = scale.of(RACES, 2_000);
    List<String> stacks = Stacks.shared();
    int each = (int) Math.min(RACES_A_STACK, races / stacks.size() + 1);
    for (long seed = 0; figures.total() < races; seed++) {
      for (String stack : stacks) {
        new TwoThreads(stack, seed).race(each, figures);
      }
    }
  }

  @Override
  public List<Control> controls() {
    String racy = FaultyProvider.expression(Bug.RACES, Stacks.GENERAL);
    String silent = FaultyProvider.expression(Bug.ACCEPTS_DOUBLE_FREE, Stacks.GENERAL);
    return List.of(
        new Control(Bug.RACES.name(), () -> new TwoThreads(racy, 1).race(20_000, new Figures())),
        new Control(
            Bug.ACCEPTS_DOUBLE_FREE.name(),
            () -> new TwoThreads(silent, 1).race(2_000, new Figures())));
  }

  /** Two threads and a stack that they race on. */
  private static final class TwoThreads {
    private final String stack;
    private final Tower tower;
    private final Allocator allocator;
    private final long size;
    private final SplittableRandom random;
    private final AtomicInteger arrived = new AtomicInteger();
    private final AtomicReference<Throwable> wrong = new AtomicReference<>();
    private final int[] delays = new int[2];
    private final long[][] given = new long[2][CALLS];
    private final long[] shared = new long[2 * CALLS];
    private final int[] freed = new int[2];
    private volatile Kind kind = Kind.MALLOC_WITH_MALLOC;
    private long tooMany;

    private TwoThreads(String stack, long seed) {
      this.stack = stack;
      this.tower = Tower.open(stack);
      this.allocator = tower.allocator();
      this.size = Math.min(48, allocator.maxSize());
      this.random = new SplittableRandom(seed);
    }

    private void race(int races, Figures figures) {
      try {
        Threads.run(
            2,
            number -> {
              for (int i = 0; i < races && wrong.get() == null; i++) {
                if (number == 0) {
                  prepare(i);
                }
                meet(3 * i + 1);
                try {
                  spin(delays[number]);
                  act(number);
                } catch (Throwable e) {
                  wrong.compareAndSet(null, e);
                }
                meet(3 * i + 2);
                if (number == 0) {
                  judge();
                  figures.add(words(kind), 1);
                }
                meet(3 * i + 3);
              }
            });
        throwWrong();
        end();
      } catch (RuntimeException | Error e) {
        tower.abandon();
        throw new AssertionError(stack + ": " + e, e);
      }
    }

    private static String words(Kind kind) {
      return kind.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private void meet(int round) {
      arrived.incrementAndGet();
      for (int i = 0; arrived.get() < 2 * round; i++) {
        if (i < 1000) {
          Thread.onSpinWait();
        } else {
          LockSupport.parkNanos(1000);
        }
      }
    }

    private static void spin(int count) {
      for (int i = 0; i < count; i++) {
        Thread.onSpinWait();
      }
    }

    private void prepare(int race) {
      kind = KINDS[race % KINDS.length];
      delays[0] = random.nextInt(MOST_DELAY);
      delays[1] = random.nextInt(MOST_DELAY);
      for (int i = 0; i < shared.length; i++) {
        shared[i] = allocator.malloc(size);
      }
    }

    private void act(int number) {
      switch (kind) {
        case MALLOC_WITH_MALLOC -> {
          allocator.free(allocator.malloc(size));
          mallocAll(number);
        }
        case MALLOC_WITH_REMOTE_FREE -> {
          if (number == 0) {
            mallocAll(0);
          } else {
            freeHalf(1);
          }
        }
        case FREE_WITH_REMOTE_FREE -> freeHalf(number);
        case FREE_WITH_SAME_FREE -> freed[number] = freeUnlessFree(shared[0]);
        case TRIM_WITH_MALLOC -> {
          if (number == 0) {
            mallocAll(0);
          } else {
            allocator.trim();
          }
        }
        case STATS_WITH_MALLOC -> {
          if (number == 0) {
            mallocAll(0);
          } else {
            // A free too many counts until it is found.
            long least = shared.length - tooMany;
            AllocatorStats stats = allocator.stats();
            require(
                !stats.isTracked() || stats.liveBlocks() >= least,
                "stats miss blocks: least=" + least + ", " + stats);
          }
        }
      }
    }

    private void mallocAll(int number) {
      for (int i = 0; i < CALLS; i++) {
        given[number][i] = allocator.malloc(size);
      }
    }

    private void freeHalf(int number) {
      for (int i = number * CALLS; i < (number + 1) * CALLS; i++) {
        allocator.free(shared[i], size);
        shared[i] = Allocator.NULL;
      }
    }

    private int freeUnlessFree(long address) {
      try {
        allocator.free(address);
        return 1;
      } catch (InvalidFreeException e) {
        require(e.reason() != Reason.NOT_A_BLOCK, "another reason: " + e);
        return 0;
      }
    }

    private void judge() {
      try {
        if (kind == Kind.FREE_WITH_SAME_FREE && wrong.get() == null) {
          int successes = freed[0] + freed[1];
          require(successes >= 1, "no free of a live block succeeded");
          tooMany += successes - 1;
          shared[0] = Allocator.NULL;
        }
        Set<Long> live = new HashSet<>();
        for (long[] blocks : new long[][] {shared, given[0], given[1]}) {
          for (long block : blocks) {
            require(block == Allocator.NULL || live.add(block), "given out twice");
          }
        }
        for (long[] blocks : new long[][] {shared, given[0], given[1]}) {
          for (int i = 0; i < blocks.length; i++) {
            allocator.free(blocks[i]);
            blocks[i] = Allocator.NULL;
          }
        }
      } catch (RuntimeException | Error e) {
        wrong.compareAndSet(null, e);
      }
    }

    /** Closes. A free too many is reported there, if it was not before. */
    private void end() {
      require(allocator.stats().liveBlocks() <= 0 || tooMany > 0, "blocks are lost");
      InvalidFreeException report = null;
      try {
        tower.close();
      } catch (InvalidFreeException e) {
        report = e;
      }
      long reported = report == null ? 0 : countOf(report);
      require(reported == tooMany, "frees too many=" + tooMany + ", reported=" + reported);
      tower.close();
    }

    /** {@return how many frees an exception and those suppressed in it report} */
    private static long countOf(Throwable report) {
      Matcher more = COUNT.matcher(String.valueOf(report.getMessage()));
      long count = report instanceof InvalidFreeException ? 1 : more.find() ? of(more) : 0;
      for (Throwable suppressed : report.getSuppressed()) {
        count += countOf(suppressed);
      }
      return count;
    }

    private static long of(Matcher matcher) {
      return Long.parseLong(matcher.group(1));
    }

    private void throwWrong() {
      Throwable first = wrong.get();
      if (first != null) {
        throw new AssertionError(kind + ": " + first, first);
      }
    }

    private static void require(boolean condition, String message) {
      if (!condition) {
        throw new AssertionError(message);
      }
    }
  }
}
