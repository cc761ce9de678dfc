package org.jallocator.examples;

import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import java.io.ByteArrayInputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jallocator.Arena;
import org.jallocator.jna.AllocatorCallbacks;
import org.jallocator.jna.AllocatorMemory;
import org.jallocator.jna.DefaultAllocator;
import org.jallocator.jna.NativeCopy;
import org.jallocator.jna.NativeScope;
import org.jallocator.stack.AllocatorStack;

/**
 * Runs all examples, and copies values of all kinds, in a process of their own: {@code checked} a
 * few times, for malloc to check them; {@code counted} again and again, to see what is left in C's
 * heap; {@code overrun} a block that is written beyond its end.
 *
 * <p>What the Java machine itself takes and frees moves the count too, in leaps and in both
 * directions, and what JNA frees when it is collected lags behind; but a leak of ours is there in
 * every run. So the count is taken again and again after as many runs, and the middle one of its
 * changes tells.
 */
final class CheckedRun {

  /** Runs from one count to the next. */
  static final int RUNS = 15;

  /** The bytes that a run loses on purpose, to see that it is seen. */
  static final int LEAK = 1500;

  private static final int CHECKED_RUNS = 5;
  private static final int CHANGES = 3;
  private static final int ROWS = 20;
  private static final long SETTLING_NANOS = 5_000_000_000L;

  private static final List<Charset> CHARSETS =
      List.of(StandardCharsets.UTF_8, StandardCharsets.UTF_16, Charset.forName("UTF-32"));

  private static final List<Throwable> REPORTED = Collections.synchronizedList(new ArrayList<>());

  private CheckedRun() {}

  public static void main(String[] args) throws Exception {
    switch (args[0]) {
      case "checked" -> {
        for (int run = 0; run < CHECKED_RUNS; run++) {
          run(true);
          run(false);
        }
      }
      case "counted" -> {
        long unused = growth(true, 0); // at first the machine itself takes memory: JDK 25 for long
        System.out.println("direct, growth " + growth(true, 0));
        System.out.println("by interface, growth " + growth(false, 0));
        System.out.println("leaking, growth " + growth(true, LEAK));
      }
      case "overrun" -> {
        long address = Native.malloc(24);
        new Pointer(address).setMemory(0, 48, (byte) 1);
        Native.free(address);
      }
      default -> throw new IllegalArgumentException(args[0]);
    }
    System.out.println("at the end, reported " + REPORTED);
  }

  private static long growth(boolean direct, int leak) throws Exception {
    List<Long> changes = new ArrayList<>();
    long before = count(direct, leak);
    while (changes.size() < CHANGES) {
      long after = count(direct, leak);
      changes.add(after - before);
      before = after;
    }
    Collections.sort(changes);
    return changes.get(CHANGES / 2);
  }

  /** Runs, and returns what is live after that. */
  private static long count(boolean direct, int leak) throws Exception {
    for (int run = 0; run < RUNS; run++) {
      run(direct);
      if (leak > 0) {
        Native.malloc(leak);
      }
    }
    return settled();
  }

  /**
   * {@return what is live once two counts in a row agree, or after some seconds} JNA frees the
   * memory of its strings and structures when they are collected, a bit later. That of a count's
   * own structure, too: a count that is above the one before says that nothing was freed yet.
   */
  private static long settled() throws InterruptedException {
    long end = System.nanoTime() + SETTLING_NANOS;
    long before;
    long now = collectAndCount();
    do {
      before = now;
      now = collectAndCount();
    } while ((now > before || before - now > LEAK) && System.nanoTime() < end);
    return now;
  }

  private static long collectAndCount() throws InterruptedException {
    System.gc();
    Thread.sleep(20);
    return MallocInfo.liveBytes();
  }

  private static void run(boolean direct) throws Exception {
    copyValues();
    Libc libc = direct ? Libc.direct() : Libc.byInterface();
    try (var stack = AllocatorStack.open("arena(jna)")) {
      Arena arena = stack.find(Arena.class).orElseThrow();
      LibcExample.sort(libc, arena, 3, 1, 2);
      LibcExample.split(libc, arena, "one, two, three", ", ");
      LibcExample.interfaces(libc, arena);
      LibcExample.format(arena, "%s %d", "text", 1);
    }
    if (Installed.has(Zlib.NAME)) {
      deflateAndInflate(direct ? Zlib.direct() : Zlib.byInterface());
    }
    if (Installed.has(Sqlite.NAME)) {
      writeAndRead(direct ? Sqlite.direct() : Sqlite.byInterface());
    }
  }

  /** Every value in a block of C's of its own, so that a byte beyond its end is found. */
  private static void copyValues() {
    try (var c = new DefaultAllocator()) {
      for (int length = 1; length < 40; length += 7) {
        try (var scope = NativeScope.open(c, 1)) {
          String text = "\u00e9".repeat(length);
          for (Charset charset : CHARSETS) {
            c.free(Pointer.nativeValue(NativeCopy.string(c, text, charset)));
            scope.strings(new String[] {text, null}, charset);
          }
          scope.wideString(text);
          scope.bytes(new byte[length]);
          scope.longs(new long[length]);
          scope.pointers(new Pointer[length]);
          scope.structs(MallocInfo.class, 2)[1].write();
          scope.nativeLongByReference().setValue(new NativeLong(length));
        }
        try (var memory = AllocatorMemory.zeroed(c, length)) {
          memory.setMemory(0, length, (byte) 1);
        }
      }
    }
  }

  private static void deflateAndInflate(Zlib zlib) throws Exception {
    byte[] bytes = new byte[10_000];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i * 31 % 7);
    }
    try (var stack = AllocatorStack.open(ZlibExample.STACK);
        var callbacks = AllocatorCallbacks.of(stack.allocator(), REPORTED::add)) {
      var allocator = stack.allocator();
      byte[] deflated =
          ZlibExample.deflate(zlib, callbacks, allocator, new ByteArrayInputStream(bytes));
      byte[] inflated =
          ZlibExample.inflate(zlib, callbacks, allocator, new ByteArrayInputStream(deflated));
      if (!Arrays.equals(bytes, inflated)) {
        throw new IllegalStateException("inflated to something else");
      }
    }
  }

  private static void writeAndRead(Sqlite sqlite) {
    try (var stack = AllocatorStack.open(SqliteExample.STACK);
        var scratch = AllocatorStack.open("arena(jna)");
        var callbacks = AllocatorCallbacks.of(stack.allocator(), REPORTED::add)) {
      Arena arena = scratch.find(Arena.class).orElseThrow();
      SqliteExample.withMemoryOf(
          callbacks, sqlite, () -> SqliteExample.writeAndRead(sqlite, arena, ROWS));
    }
  }
}
