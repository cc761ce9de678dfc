package org.jallocator.examples;

import com.sun.jna.Native;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.Arena;
import org.jallocator.jna.NativeCopy;
import org.jallocator.jna.StringArguments;
import org.jallocator.stack.AllocatorStack;

/** Hands an allocator's memory to the C library: arrays, strings and structures. */
public final class LibcExample {

  private LibcExample() {}

  /**
   * Runs the example.
   *
   * @param args {@code direct} for direct mapping
   */
  public static void main(String[] args) {
    Libc libc = List.of(args).contains("direct") ? Libc.direct() : Libc.byInterface();
    try (var stack = AllocatorStack.open("arena(jna)")) {
      Arena arena = stack.find(Arena.class).orElseThrow();
      System.out.println(Arrays.toString(sort(libc, arena, 3, 1, 2)));
      System.out.println(split(libc, arena, "one, two,three", ", "));
      System.out.println(interfaces(libc, arena));
      System.out.println(format(arena, "%s has %d bytes", "a line", 21));
    }
  }

  /**
   * {@return numbers, sorted by C's qsort, which calls Java to compare}
   *
   * @param libc the C library
   * @param allocator where C is to sort them
   * @param numbers the numbers
   */
  public static int[] sort(Libc libc, Allocator allocator, int... numbers) {
    long address = allocator.malloc(Math.max(1, (long) Integer.BYTES * numbers.length));
    try {
      Pointer base = new Pointer(address);
      base.write(0, numbers, 0, numbers.length);
      libc.qsort(
          base, numbers.length, Integer.BYTES, (a, b) -> Integer.compare(a.getInt(0), b.getInt(0)));
      return base.getIntArray(0, numbers.length);
    } finally {
      allocator.free(address);
    }
  }

  /**
   * {@return the parts of a text, split by C's strtok, which writes into it}
   *
   * @param libc the C library
   * @param arena where the text is put
   * @param text the text
   * @param separators the characters between parts
   */
  public static List<String> split(Libc libc, Arena arena, String text, String separators) {
    long mark = arena.mark();
    try {
      List<String> parts = new ArrayList<>();
      Pointer part =
          libc.strtok(NativeCopy.string(arena, text, StandardCharsets.UTF_8), separators);
      while (part != null) {
        parts.add(part.getString(0, "UTF-8"));
        part = libc.strtok(null, separators);
      }
      return parts;
    } finally {
      arena.release(mark);
    }
  }

  /**
   * {@return the names of the network interfaces, from a list of C's structures}
   *
   * @param libc the C library
   * @param arena where C puts the address of the list
   */
  public static List<String> interfaces(Libc libc, Arena arena) {
    long mark = arena.mark();
    try {
      Pointer first = new Pointer(arena.malloc(Native.POINTER_SIZE));
      if (libc.getifaddrs(first) != 0) {
        throw new IllegalStateException("getifaddrs failed: errno=" + Native.getLastError());
      }
      Pointer list = first.getPointer(0);
      try {
        List<String> names = new ArrayList<>();
        for (Pointer at = list; at != null; ) {
          var address = new Libc.InterfaceAddress(at);
          names.add(String.valueOf(address.name));
          at = address.next;
        }
        return names.stream().distinct().toList();
      } finally {
        libc.freeifaddrs(list);
      }
    } finally {
      arena.release(mark);
    }
  }

  /**
   * {@return a text, formatted by C's snprintf} The strings among the arguments live in the arena
   * for as long as the call takes.
   *
   * @param arena where the text and the arguments are put
   * @param format C's format
   * @param arguments what it asks for
   */
  public static String format(Arena arena, String format, Object... arguments) {
    var strings = StringArguments.of(arena, StandardCharsets.UTF_8);
    var c = Native.load(Platform.C_LIBRARY_NAME, Libc.Variadic.class, strings.options());
    long mark = arena.mark();
    try {
      int size = 256;
      Pointer buffer = new Pointer(arena.malloc(size));
      int length = c.snprintf(buffer, size, format, arguments);
      if (length >= size) {
        throw new IllegalArgumentException("text is too long: length=" + length);
      }
      return buffer.getString(0, "UTF-8");
    } finally {
      arena.release(mark);
    }
  }
}
