package org.jallocator.torture;

import java.util.SplittableRandom;
import org.jallocator.Allocator;
import org.jallocator.stack.AllocatorStack;

/**
 * Uses up the memory of the process, again and again. The arguments are an expression and how many
 * failures are wanted.
 */
final class ProgramWithoutMemory {

  private static final int HELD = 1 << 14;

  private ProgramWithoutMemory() {}

  public static void main(String[] args) {
    long wanted = Long.parseLong(args[1]);
    long[] held = new long[HELD];
    AllocatorStack stack = AllocatorStack.open(args[0]);
    Allocator allocator = stack.allocator();
    SplittableRandom random = new SplittableRandom(1);
    // All classes that a failure needs are loaded while there is memory.
    String message = failure(allocator);
    long failures = 0;
    int count = 0;
    while (failures < wanted) {
      long before = allocator.stats().liveBlocks();
      long size = (1L << 16) + random.nextLong(1L << 22);
      long address = Allocator.NULL;
      if (random.nextBoolean()) {
        address = allocator.tryMalloc(size);
      } else {
        try {
          address = allocator.malloc(size);
          if (address == Allocator.NULL) {
            wrong("malloc returned NULL");
          }
        } catch (OutOfMemoryError e) {
          message = String.valueOf(e.getMessage());
        }
      }
      if (address != Allocator.NULL && count < HELD) {
        held[count++] = address;
        continue;
      }
      failures++;
      if (allocator.stats().liveBlocks() != before) {
        wrong("a failure changed the books");
      }
      int kept = random.nextInt(count + 1);
      while (failures % 8 == 0 && count > kept) {
        allocator.free(held[--count]);
      }
    }
    while (count > 0) {
      allocator.free(held[--count]);
    }
    stack.close();
    if (!message.contains("size=")) {
      wrong("no size in the message: " + message);
    }
    System.out.println(ChildJvm.TRIED + failures);
  }

  private static String failure(Allocator allocator) {
    try {
      long size = Math.min(allocator.maxSize(), 1L << 46);
      allocator.free(allocator.malloc(size));
      return "served: size=" + size;
    } catch (OutOfMemoryError e) {
      return "" + e.getMessage();
    } catch (IllegalArgumentException e) {
      return "" + e.getMessage();
    }
  }

  private static void wrong(String what) {
    System.out.println(ChildJvm.WRONG + what);
    System.exit(1);
  }
}
