package org.jallocator.jna;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import org.jallocator.Allocator;

/**
 * Uses what needs C's functions, and waits until JNA's cleaner has nothing registered: its thread
 * ends then. For callbacks JNA registers each, and forgets it later. A thread that stays keeps a
 * web application's classes for ever.
 */
final class ProgramThatLeavesNoCleaner {

  /** Functions of one use: malloc and SQLite's seven. */
  private static final int PER_USE = 8;

  private ProgramThatLeavesNoCleaner() {}

  public static void main(String[] args) throws Exception {
    Allocator leaf = new DefaultAllocator();
    try (NativeScope scope = NativeScope.open(leaf)) {
      scope.intByReference(1);
      scope.string("text");
    }
    System.out.println("SCOPE " + registered());
    Allocator aligned = new DefaultAllocator(64);
    aligned.free(aligned.malloc(1));
    new JnaProcessFence().isAvailable();
    new JnaNativeAccess().pageSize();
    collectGarbage(0);
    System.out.println("FUNCTIONS " + registered());
    for (int i = 0; i < 10; i++) {
      useCallbacks(leaf);
    }
    collectGarbage(0);
    // JNA forgets those that are collected when it makes the next.
    useCallbacks(leaf);
    collectGarbage(PER_USE);
    System.out.println("CALLBACKS " + (registered() <= PER_USE));
  }

  private static void useCallbacks(Allocator leaf) {
    List<Throwable> told = new ArrayList<>();
    try (AllocatorCallbacks callbacks = AllocatorCallbacks.of(leaf, told::add)) {
      callbacks.mallocFunction();
      callbacks.sqliteMethods();
    }
  }

  private static void collectGarbage(int expected) throws InterruptedException {
    for (int i = 0; i < 20 && registered() > expected; i++) {
      System.gc();
      Thread.sleep(50);
    }
  }

  /** {@return how many things JNA's cleaner waits for} */
  private static int registered() {
    try {
      Class<?> type = Class.forName("com.sun.jna.internal.Cleaner");
      Field first = type.getDeclaredField("firstCleanable");
      first.setAccessible(true);
      int count = 0;
      Object at = first.get(type.getMethod("getCleaner").invoke(null));
      while (at != null) {
        count++;
        Field next = at.getClass().getDeclaredField("next");
        next.setAccessible(true);
        at = next.get(at);
      }
      return count;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
