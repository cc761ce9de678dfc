package org.jallocator.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.NetworkInterface;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jallocator.Arena;
import org.jallocator.stack.AllocatorStack;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class LibcTest {

  private final AllocatorStack stack = AllocatorStack.open("arena(chunkSize=4KiB, jna)");
  private final Arena arena = stack.find(Arena.class).orElseThrow();

  @BeforeAll
  static void assumePosix() {
    Installed.assumePosix();
  }

  @AfterEach
  void closesWithoutALeak() {
    assertEquals(0, arena.stats().liveBlocks());
    stack.close();
  }

  static Stream<Named<Supplier<Libc>>> mappings() {
    return Stream.of(Named.of("by interface", Libc::byInterface), Named.of("direct", Libc::direct));
  }

  @ParameterizedTest
  @MethodSource("mappings")
  void qsortCallsJavaToCompare(Supplier<Libc> mapping) {
    int[] numbers = new Random(1).ints(1000).toArray();
    int[] sorted = LibcExample.sort(mapping.get(), arena, numbers);
    assertArrayEquals(IntStream.of(numbers).sorted().toArray(), sorted);
    assertArrayEquals(new int[0], LibcExample.sort(mapping.get(), arena));
  }

  @ParameterizedTest
  @MethodSource("mappings")
  void strtokWritesIntoAStringOfAScope(Supplier<Libc> mapping) {
    assertEquals(
        List.of("one", "zw\u00f6lf", "three"),
        LibcExample.split(mapping.get(), arena, ",one, zw\u00f6lf,,three ", ", "));
    assertEquals(List.of(), LibcExample.split(mapping.get(), arena, "", ", "));
  }

  @ParameterizedTest
  @MethodSource("mappings")
  void theListOfInterfacesIsThatOfJava(Supplier<Libc> mapping) throws Exception {
    List<String> expected =
        NetworkInterface.networkInterfaces().map(NetworkInterface::getName).toList();
    List<String> names = LibcExample.interfaces(mapping.get(), arena);
    assertTrue(names.containsAll(expected), () -> names + " lacks some of " + expected);
  }

  @Test
  void snprintfTakesStringsAndNumbers() {
    assertEquals("a line has 21 bytes", LibcExample.format(arena, "%s has %d bytes", "a line", 21));
    assertEquals("3.50|\u00e9|c", LibcExample.format(arena, "%.2f|%s|%c", 3.5, "\u00e9", 'c'));
    var e =
        assertThrows(IllegalArgumentException.class, () -> LibcExample.format(arena, "%300d", 1));
    assertEquals("text is too long: length=300", e.getMessage());
  }

  @Test
  void theExampleRuns() {
    LibcExample.main(new String[0]);
    LibcExample.main(new String[] {"direct"});
  }
}
