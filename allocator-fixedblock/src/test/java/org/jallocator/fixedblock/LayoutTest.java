package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openjdk.jol.info.ClassLayout;
import org.openjdk.jol.info.FieldLayout;

/**
 * Where the virtual machine puts the fields that a malloc and a free touch: together, and two lines
 * away from the next object.
 */
final class LayoutTest {

  private static final long LINE = 64;

  @Test
  void theFieldsOfTheActiveWordThatEachCallNeedsTakeOneLine() {
    assertShareALine(
        Padded.PaddedPool.class,
        "word",
        "base",
        "blockSize",
        "taken",
        "last",
        "lastBit",
        "releaseBelow");
  }

  @Test
  void theFieldsThatAnOwnerNeedsToEnterTakeOneLine() {
    assertShareALine(
        Padded.PaddedOwner.class, "thread", "heap", "busy", "pools", "firstPool", "lastClass");
  }

  @Test
  void theFieldsThatCallsOfBothKindsOfSharedAllocatorNeedTakeOneLine() {
    assertShareALine(SharedSizeClasses.class, "maxSize", "table", "owners", "ownersMask");
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        Padded.PaddedCaller.class,
        Padded.PaddedHeap.class,
        Padded.PaddedOwner.class,
        Padded.PaddedPool.class
      })
  void anObjectBeginsAndEndsInTwoLinesOfNothing(Class<?> type) {
    ClassLayout layout = ClassLayout.parseClass(type);
    List<FieldLayout> used =
        layout.fields().stream().filter(field -> !field.name().matches("p\\d+|q\\d*")).toList();
    long begin = used.stream().mapToLong(FieldLayout::offset).min().orElseThrow();
    long end = used.stream().mapToLong(field -> field.offset() + field.size()).max().orElseThrow();
    assertTrue(begin >= 2 * LINE, layout::toPrintable);
    assertTrue(layout.instanceSize() - end >= 2 * LINE, layout::toPrintable);
  }

  private static void assertShareALine(Class<?> type, String... names) {
    ClassLayout layout = ClassLayout.parseClass(type);
    List<FieldLayout> fields =
        layout.fields().stream().filter(f -> Arrays.asList(names).contains(f.name())).toList();
    assertTrue(fields.size() == names.length, layout::toPrintable);
    long from = fields.stream().mapToLong(FieldLayout::offset).min().orElseThrow();
    long to = fields.stream().mapToLong(f -> f.offset() + f.size()).max().orElseThrow();
    assertTrue(to - from <= LINE, layout::toPrintable);
  }
}
