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

  /**
   * So many that each method handle is called more often than {@code
   * java.lang.invoke.MethodHandle.CUSTOMIZE_THRESHOLD} says, 127 times if it is not set. Not each
   * round calls each.
   */
  private static final int FIRST_CALLS = 1000;

  private ProgramWithoutMemory() {}

  public static void main(String[] args) {
    long wanted = Long.parseLong(args[1]);
    long[] held = new long[HELD];
    AllocatorStack stack = AllocatorStack.open(args[0]);
    Allocator allocator = stack.allocator();
    SplittableRandom random = new SplittableRandom(1);
    String message = failure(allocator);
    makeFirstCalls(allocator, random);
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

  /**
   * Makes all kinds of calls while there is memory. The virtual machine loads classes at the first
   * ones, and makes one for each method handle at the 128th call; it ends the process if there is
   * no memory for that.
   */
  private static void makeFirstCalls(Allocator allocator, SplittableRandom random) {
    for (int i = 0; i < FIRST_CALLS; i++) {
      long size = (1L << 16) + random.nextLong(1L << 22);
      long first = allocator.malloc(size);
      long second = allocator.tryMalloc(size);
      failure(allocator);
      allocator.free(allocator.tryMalloc(Math.min(allocator.maxSize(), 1L << 46)));
      allocator.free(first);
      allocator.free(second);
    }
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
