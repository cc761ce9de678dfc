package com.example.consumer;

import com.sun.jna.ptr.IntByReference;
import org.jallocator.Allocator;
import org.jallocator.Arena;
import org.jallocator.InvalidFreeException;
import org.jallocator.arena.ArenaAllocator;
import org.jallocator.jna.DefaultAllocator;
import org.jallocator.jna.NativeScope;
import org.jallocator.metrics.AllocatorMBeans;
import org.jallocator.stack.AllocatorStack;

/** Uses every module once, as a user does. */
public final class Consumer {

  private Consumer() {}

  /**
   * Runs it.
   *
   * @param args how many modules of ours must be named: none on the class path
   */
  public static void main(String[] args) {
    int named = Integer.parseInt(args[0]);
    long modules =
        ModuleLayer.boot().modules().stream()
            .filter(module -> module.getName().startsWith("org.jallocator"))
            .count();
    require(modules == named, modules + " modules");
    try (AllocatorMBeans beans = AllocatorMBeans.register();
        AllocatorStack stack = AllocatorStack.open("jfr(@general)")) {
      require(beans != null, "beans");
      try (NativeScope scope = NativeScope.open(stack.allocator())) {
        IntByReference count = scope.intByReference(42);
        require(count.getValue() == 42, "by-reference");
        require(scope.string("hello, C").getString(0).equals("hello, C"), "string");
      }
      doubleFree(stack.allocator(), 48);
      doubleFree(stack.allocator(), 1 << 20);
    }
    try (Allocator c = new DefaultAllocator();
        Arena arena = ArenaAllocator.create(c)) {
      arena.malloc(100);
      arena.freeAll();
    }
    System.out.println("consumer: " + modules + " modules, Java " + Runtime.version());
  }

  private static void doubleFree(Allocator allocator, long size) {
    long address = allocator.malloc(size);
    allocator.free(address);
    try {
      allocator.free(address);
    } catch (InvalidFreeException e) {
      return;
    }
    throw new AssertionError("double free of " + size + " bytes was accepted");
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}
