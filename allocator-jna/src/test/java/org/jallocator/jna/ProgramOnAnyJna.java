package org.jallocator.jna;

import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Structure;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.stack.AllocatorStack;

/** Uses a bit of everything; says whether it was refused, twice, or survived. */
final class ProgramOnAnyJna {

  private ProgramOnAnyJna() {}

  public interface C extends Library {
    long strlen(String text);

    String getenv(String name);
  }

  @Structure.FieldOrder({"number", "bytes"})
  public static class Entry extends Structure {
    public int number;
    public byte[] bytes = new byte[5];
  }

  private interface Step {
    void run();
  }

  private static void attempt(String what, Step step) {
    for (int i = 0; i < 2; i++) {
      try {
        step.run();
        System.out.println("DONE " + what);
      } catch (RuntimeException | LinkageError e) {
        System.out.println("REFUSED " + what + ": " + String.valueOf(e).replace('\n', '|'));
      }
    }
  }

  public static void main(String[] args) throws InterruptedException {
    attempt(
        "stack",
        () -> {
          try (AllocatorStack stack = AllocatorStack.open("jna")) {
            stack.allocator().free(stack.allocator().malloc(8));
          }
        });
    attempt("aligned", () -> new DefaultAllocator(64).malloc(8));
    attempt("leaf", () -> everything(new DefaultAllocator()));
    attempt("library", () -> LibraryAllocator.builder().name("c").build().malloc(8));
    collectGarbage();
    System.out.println("SURVIVED");
  }

  private static void everything(Allocator leaf) {
    for (int i = 0; i < 100; i++) {
      // Not closed, and not C's: a finalizer that frees it ends the process.
      AllocatorMemory.adopt(leaf, leaf.malloc(64) + 16, 8).setInt(0, i);
    }
    try (NativeScope scope = NativeScope.open(leaf)) {
      Entry made = scope.struct(Entry.class);
      made.number = 7;
      made.write();
      require(scope.intByReference(5).getValue() == 5);
      require(scope.string("text").getString(0).equals("text"));
      require(scope.memory(10, 4096).size() == 10);
      require(scope.structs(Entry.class, 3).length == 3);
    }
    StringArguments strings = StringArguments.of(leaf, StandardCharsets.UTF_8);
    C c = Native.load("c", C.class, strings.options());
    require(c.strlen("four") == 4);
    List<Throwable> told = new ArrayList<>();
    try (var callbacks = AllocatorCallbacks.of(leaf, told::add)) {
      require(callbacks.mallocFunction() != null && callbacks.sqliteMethods() != null);
    }
    require(told.isEmpty());
    require(new JnaProcessFence().isAvailable() || !System.getProperty("os.name").equals("Linux"));
    try (AllocatorMemory memory = AllocatorMemory.zeroed(leaf, 8).resize(16)) {
      require(memory.getLong(0) == 0);
    }
  }

  private static void require(boolean holds) {
    if (!holds) {
      throw new IllegalStateException("wrong answer");
    }
  }

  @SuppressWarnings({"removal", "SystemRunFinalization", "deprecation"})
  private static void collectGarbage() throws InterruptedException {
    for (int i = 0; i < 5; i++) {
      System.gc();
      System.runFinalization();
      Thread.sleep(20);
    }
    Memory.purge();
  }
}
