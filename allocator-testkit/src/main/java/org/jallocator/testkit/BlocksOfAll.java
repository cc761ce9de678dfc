package org.jallocator.testkit;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jallocator.Allocator;

/** The live blocks of several threads that share one allocator: they must not overlap. */
final class BlocksOfAll {

  private static final int STEPS = 500;
  private static final int MAX_LIVE = 20;

  private final TreeMap<Long, Long> sizes = new TreeMap<>(Long::compareUnsigned);
  private final List<String> errors = new ArrayList<>();

  /** Takes and frees blocks for a while, and frees them all. */
  void takeAndFree(Allocator allocator, Random random) {
    ArrayDeque<Long> mine = new ArrayDeque<>();
    long maxSize = Math.min(allocator.maxSize(), 200);
    try {
      for (int i = 0; i < STEPS; i++) {
        if (mine.size() < random.nextInt(MAX_LIVE)) {
          long size = 1 + random.nextLong(maxSize);
          long address = allocator.tryMalloc(size);
          if (address != Allocator.NULL) {
            add(address, size);
            mine.add(address);
          }
        } else if (!mine.isEmpty()) {
          long address = random.nextBoolean() ? mine.removeFirst() : mine.removeLast();
          remove(address);
          allocator.free(address);
        }
      }
      for (long address : mine) {
        remove(address);
        allocator.free(address);
      }
    } catch (RuntimeException | Error e) {
      fail(Thread.currentThread().getName() + ": " + e);
    }
  }

  private synchronized void add(long address, long size) {
    Map.Entry<Long, Long> below = sizes.floorEntry(address + size - 1);
    if (below != null
        && Long.compareUnsigned(below.getKey() + below.getValue() - 1, address) >= 0) {
      fail("overlap: " + Subject.hex(address) + "+" + size + " with " + below);
    }
    sizes.put(address, size);
  }

  private synchronized void remove(long address) {
    sizes.remove(address);
  }

  private synchronized void fail(String error) {
    errors.add(error);
  }

  /** {@return what went wrong, once all threads have ended} */
  synchronized List<String> errors() {
    return List.copyOf(errors);
  }
}
