package org.jallocator.torture;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.OwningAllocator;
import org.jallocator.testkit.RecordingAllocator;
import org.jallocator.torture.FaultyAllocator.Bug;

/** Frees of every class of address that is no live block: each is refused and changes nothing. */
final class BadFreeRow implements Row {

  /** What is wrong with a free. */
  private enum Kind {
    FREED_JUST_NOW,
    FREED_BEFORE,
    INSIDE_A_BLOCK,
    BEFORE_INNER_MEMORY,
    BEHIND_INNER_MEMORY,
    RETURNED_TO_THE_INNER,
    OTHER_HALF_OF_THE_ADDRESSES,
    ANY_ADDRESS,
    IMPOSSIBLE_SIZE,
    OTHER_THREAD
  }

  private static final long FREES = 1_000_000;
  private static final int CALLS = 300;
  private static final int BATCH = 1_000;
  private static final int MOST_LIVE = 150;
  private static final int TRIES = 20;
  private static final Kind[] KINDS = Kind.values();

  @Override
  public String name() {
    return "bad frees";
  }

  @Override
  public void run(Figures figures, Scale scale) {
    long frees = scale.of(FREES, 4000);
    List<String> stacks = Stacks.all();
    for (long seed = 0; figures.total() < frees; seed++) {
      for (String stack : stacks) {
        new Program(stack, seed).run(figures);
      }
    }
  }

  @Override
  public List<Control> controls() {
    return Stream.of(
            Bug.ACCEPTS_DOUBLE_FREE,
            Bug.ACCEPTS_INTERIOR_FREE,
            Bug.ACCEPTS_FOREIGN_FREE,
            Bug.ACCEPTS_ANY_SIZE,
            Bug.COUNTS_WHAT_IT_REFUSES)
        .map(
            bug ->
                new Control(
                    bug.name(),
                    () ->
                        new Program(FaultyProvider.expression(bug, "sizeclass(recorded)"), 1)
                            .run(new Figures())))
        .toList();
  }

  /** Some calls of a random program, then a batch of bad frees, then the end of the program. */
  private static final class Program {
    private final String stack;
    private final Tower tower;
    private final Allocator allocator;
    private final RecordingAllocator ledger;
    private final Driver driver;
    private final Blocks blocks;
    private final SplittableRandom random;
    private final List<Long> returned = new ArrayList<>();

    private Program(String stack, long seed) {
      this.stack = stack;
      this.tower = Tower.open(stack, Stacks.inner(seed));
      this.allocator = tower.allocator();
      this.ledger = tower.ledger();
      this.driver = new Driver(tower, Stacks.isOneLayer(stack), MOST_LIVE, seed);
      this.blocks = driver.blocks();
      this.random = new SplittableRandom(seed);
    }

    private void run(Figures figures) {
      Map<Kind, Long> counts = new EnumMap<>(Kind.class);
      try {
        driver.run(CALLS);
        List<Long> held = List.copyOf(ledger.liveBlocks().keySet());
        driver.run(CALLS);
        held.stream().filter(address -> !ledger.holds(address, 1)).forEach(returned::add);
        while (blocks.size() == 0) {
          driver.step();
        }
        for (int i = 0; i < BATCH; i++) {
          Kind kind = KINDS[random.nextInt(KINDS.length - 1)];
          counts.merge(kind, tryKind(kind) ? 1L : 0L, Long::sum);
        }
        if (!allocator.isShared()) {
          counts.put(Kind.OTHER_THREAD, tryOnAnotherThread());
        }
        driver.run(CALLS);
        driver.end();
      } catch (RuntimeException | Error e) {
        throw new AssertionError(stack + ": " + e, e);
      }
      counts.forEach(
          (kind, count) ->
              figures.add(kind.name().toLowerCase(Locale.ROOT).replace('_', ' '), count));
    }

    private boolean tryKind(Kind kind) {
      if (kind == Kind.IMPOSSIBLE_SIZE) {
        return tryImpossibleSize();
      }
      for (int i = 0; i < TRIES; i++) {
        long address = kind == Kind.FREED_JUST_NOW ? freedNow() : address(kind);
        if (address != Allocator.NULL && !blocks.isLive(address)) {
          tryBad(address, 1 + random.nextLong(64));
          return true;
        }
      }
      return false;
    }

    private long freedNow() {
      long address = allocator.tryMalloc(Math.min(allocator.maxSize(), 1 + random.nextLong(600)));
      if (address != Allocator.NULL) {
        allocator.free(address);
      }
      return address;
    }

    private long address(Kind kind) {
      Blocks.Block block = blocks.get(random.nextInt(blocks.size()));
      List<Long> inner = kind.name().contains("INNER_MEMORY") ? startsOfInner() : List.of();
      return switch (kind) {
        case FREED_BEFORE -> blocks.freed(random.nextInt(64));
        case INSIDE_A_BLOCK ->
            block.good == 1 ? Allocator.NULL : block.address + 1 + random.nextLong(block.good - 1);
        case BEFORE_INNER_MEMORY -> inner.get(random.nextInt(inner.size())) - 1;
        case BEHIND_INNER_MEMORY -> {
          long start = inner.get(random.nextInt(inner.size()));
          yield start + Objects.requireNonNull(ledger.liveBlocks().get(start));
        }
        case RETURNED_TO_THE_INNER ->
            returned.isEmpty() ? Allocator.NULL : returned.get(random.nextInt(returned.size()));
        case OTHER_HALF_OF_THE_ADDRESSES -> block.address ^ Long.MIN_VALUE;
        default -> random.nextLong() >> random.nextInt(64);
      };
    }

    private List<Long> startsOfInner() {
      return List.copyOf(ledger.liveBlocks().keySet());
    }

    private boolean tryImpossibleSize() {
      Blocks.Block block = blocks.get(random.nextInt(blocks.size()));
      long size = random.nextBoolean() ? -random.nextLong(1 << 20) : Long.MIN_VALUE;
      AllocatorStats before = allocator.stats();
      refused(block.address, "size=" + size, () -> allocator.free(block.address, size));
      unchanged(before, block.address);
      return true;
    }

    private void tryBad(long address, long size) {
      AllocatorStats before = allocator.stats();
      boolean owned = allocator instanceof OwningAllocator owning && owning.owns(address);
      int form = random.nextInt(allocator instanceof OwningAllocator ? 4 : 2);
      switch (form) {
        case 0 -> refused(address, "free", () -> allocator.free(address));
        case 1 -> refused(address, "free sized", () -> allocator.free(address, size));
        default -> {
          OwningAllocator owning = (OwningAllocator) allocator;
          if (owned) {
            refused(
                address,
                "tryFree",
                () -> consume(form == 2 ? owning.tryFree(address) : owning.tryFree(address, size)));
          } else if (form == 2 ? owning.tryFree(address) : owning.tryFree(address, size)) {
            throw new AssertionError("tryFree of " + Blocks.hex(address) + " is true");
          }
        }
      }
      unchanged(before, address);
    }

    private static void consume(boolean freed) {
      if (freed) {
        throw new AssertionError("a bad free is accepted");
      }
    }

    private void refused(long address, String how, Runnable free) {
      try {
        free.run();
      } catch (InvalidFreeException e) {
        if (e.address() != address) {
          throw new AssertionError("another address: " + Blocks.hex(address), e);
        }
        return;
      }
      throw new AssertionError("accepted: " + how + " of " + Blocks.hex(address));
    }

    private void unchanged(AllocatorStats before, long address) {
      AllocatorStats after = allocator.stats();
      if (!after.equals(before)) {
        throw new AssertionError(
            "state changed by a bad free of " + Blocks.hex(address) + ": " + before + ", " + after);
      }
    }

    /** {@return how many frees of live blocks another thread tried} */
    private long tryOnAnotherThread() {
      List<Blocks.Block> live = blocks.copy();
      AtomicReference<Throwable> wrong = new AtomicReference<>();
      Thread thread =
          new Thread(
              () -> {
                for (Blocks.Block block : live) {
                  try {
                    allocator.free(block.address);
                    wrong.set(new AssertionError("another thread frees " + block));
                  } catch (IllegalStateException e) {
                    // As it must be.
                  } catch (Throwable e) {
                    wrong.set(e);
                  }
                }
              });
      thread.start();
      Threads.join(thread);
      if (wrong.get() != null) {
        throw new AssertionError("" + wrong.get(), wrong.get());
      }
      return live.size();
    }
  }
}
