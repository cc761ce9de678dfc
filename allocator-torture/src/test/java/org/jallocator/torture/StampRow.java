package org.jallocator.torture;

import com.sun.jna.Pointer;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jallocator.Allocator;
import org.jallocator.stack.AllocatorStack;
import org.jallocator.torture.FaultyAllocator.Bug;

/**
 * Blocks of real memory that go from thread to thread: each is stamped at both ends by the thread
 * that mallocs it, and the stamps must be there when another thread frees it.
 */
final class StampRow implements Row {

  private static final long BLOCKS = 10_000_000;
  private static final int THREADS = 4;
  private static final int SLOTS = 512;

  static final List<String> STACKS =
      List.of(
          "@general",
          "sizeclass(shared=true, jna)",
          "fixedblock(blockSize=64, pageSize=64KiB, shared=true, jna)",
          "large(shared=true, jna)",
          "fallback(fixedblock(blockSize=64, shared=true, jna), @general)",
          "sizeclass(maxSize=4KiB, shared=true, @general)");

  @Override
  public String name() {
    return "stamped blocks across threads";
  }

  @Override
  public void run(Figures figures, Scale scale) {
    long blocks = scale.of(BLOCKS, 20_000);
    for (String stack : STACKS) {
      pass(stack, blocks / STACKS.size() + 1);
      figures.add(blocks / STACKS.size() + 1);
    }
  }

  /** Passes so many blocks through a table of slots: each thread swaps its block for another's. */
  static void pass(String expression, long blocks) {
    AllocatorStack stack = AllocatorStack.open(expression);
    Allocator allocator = stack.allocator();
    AtomicLongArray slots = new AtomicLongArray(SLOTS);
    AtomicInteger working = new AtomicInteger(THREADS);
    try {
      Threads.run(
          THREADS,
          number -> {
            try {
              SplittableRandom random = new SplittableRandom(number);
              for (long i = 0; i < blocks / THREADS + 1; i++) {
                long mine = stamped(allocator, random);
                checkAndFree(allocator, slots.getAndSet(random.nextInt(SLOTS), mine));
              }
            } finally {
              working.decrementAndGet();
            }
          });
      for (int i = 0; i < SLOTS; i++) {
        checkAndFree(allocator, slots.get(i));
      }
      stack.close();
    } catch (RuntimeException | Error e) {
      throw new AssertionError(expression + ": " + e, e);
    }
  }

  /** {@return a new block, its size and a stamp at its start, another stamp at its end} */
  private static long stamped(Allocator allocator, SplittableRandom random) {
    int limit = random.nextInt(64) == 0 ? 20_000 : 200;
    long size = 24 + random.nextLong(Math.min(allocator.maxSize(), limit) - 23);
    long address = random.nextBoolean() ? allocator.malloc(size) : allocator.tryMalloc(size);
    Pointer block = new Pointer(address);
    block.setLong(0, size);
    block.setLong(8, stamp(address, size));
    block.setLong(size - 8, ~stamp(address, size));
    return address;
  }

  private static void checkAndFree(Allocator allocator, long address) {
    if (address == Allocator.NULL) {
      return;
    }
    Pointer block = new Pointer(address);
    long size = block.getLong(0);
    boolean whole = block.getLong(8) == stamp(address, size);
    if (!whole || block.getLong(size - 8) != ~stamp(address, size)) {
      throw new AssertionError("stamp is overwritten: block at " + Blocks.hex(address));
    }
    block.setLong(8, 0);
    if ((size & 1) == 0) {
      allocator.free(address);
    } else {
      allocator.free(address, size);
    }
  }

  private static long stamp(long address, long size) {
    return (address ^ size << 40) * 0x9E3779B97F4A7C15L;
  }

  @Override
  public List<Control> controls() {
    return List.of(Bug.HANDS_OUT_TWICE, Bug.RACES, Bug.LOSES_A_FREE).stream()
        .map(
            bug ->
                new Control(
                    bug.name(),
                    () ->
                        pass(
                            FaultyProvider.expression(bug, "sizeclass(shared=true, jna)"),
                            400_000)))
        .toList();
  }
}
