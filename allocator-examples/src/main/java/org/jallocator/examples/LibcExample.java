package org.jallocator.examples;

import com.sun.jna.Native;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.jna.NativeScope;
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
    try (var stack = AllocatorStack.open("fallback(sizeclass(jna), jna)")) {
      Allocator allocator = stack.allocator();
      System.out.println(Arrays.toString(sort(libc, allocator, 3, 1, 2)));
      System.out.println(split(libc, allocator, "one, two,three", ", "));
      System.out.println(interfaces(libc, allocator));
      System.out.println(format(allocator, "%s has %d bytes", "a line", 21));
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
   * @param allocator where the text is put
   * @param text the text
   * @param separators the characters between parts
   */
  public static List<String> split(Libc libc, Allocator allocator, String text, String separators) {
    try (NativeScope scope = NativeScope.open(allocator)) {
      List<String> parts = new ArrayList<>();
      Pointer part = libc.strtok(scope.string(text), separators);
      while (part != null) {
        parts.add(part.getString(0, "UTF-8"));
        part = libc.strtok(null, separators);
      }
      return parts;
    }
  }

  /**
   * {@return the names of the network interfaces, from a list of C's structures}
   *
   * @param libc the C library
   * @param allocator where C puts the address of the list
   */
  public static List<String> interfaces(Libc libc, Allocator allocator) {
    try (NativeScope scope = NativeScope.open(allocator)) {
      PointerByReference first = scope.pointerByReference();
      if (libc.getifaddrs(first) != 0) {
        throw new IllegalStateException("getifaddrs failed: errno=" + Native.getLastError());
      }
      Pointer list = first.getValue();
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
    }
  }

  /**
   * {@return a text, formatted by C's snprintf} The strings among the arguments take memory for as
   * long as the call lasts.
   *
   * @param allocator where the text and the arguments are put
   * @param format C's format
   * @param arguments what it asks for
   */
  public static String format(Allocator allocator, String format, Object... arguments) {
    var strings = StringArguments.of(allocator, StandardCharsets.UTF_8);
    var c = Native.load(Platform.C_LIBRARY_NAME, Libc.Variadic.class, strings.options());
    try (NativeScope scope = NativeScope.open(allocator)) {
      int size = 256;
      Pointer buffer = scope.memory(size);
      int length = c.snprintf(buffer, size, format, arguments);
      if (length >= size) {
        throw new IllegalArgumentException("text is too long: length=" + length);
      }
      return buffer.getString(0, "UTF-8");
    }
  }
}
