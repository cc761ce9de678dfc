package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.LongStream;
import org.jallocator.InvalidFreeException;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The table of classes, and how their pages grow. */
final class SizeClassesTest {

  @ParameterizedTest
  @ValueSource(longs = {1, 8, 16, 32, 64})
  void everySizeFitsItsClassAndNoneBelowIt(long unit) {
    int unitShift = Long.numberOfTrailingZeros(unit);
    for (long size = 1; size <= 5000 * unit; size += 1 + size / 2000) {
      int sizeClass = SizeClasses.of(size, unitShift);
      long at = size;
      assertTrue(
          SizeClasses.blockSize(sizeClass, unitShift) >= size, () -> "too small: size=" + at);
      assertTrue(
          sizeClass == 0 || SizeClasses.blockSize(sizeClass - 1, unitShift) < size,
          () -> "a smaller class would do: size=" + at);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 8, 16, 32, 64})
  void classesGrowByMultiplesOfTheUnitAndEachIsItsOwn(long unit) {
    int unitShift = Long.numberOfTrailingZeros(unit);
    long below = 0;
    for (int sizeClass = 0; sizeClass < 8 * 30; sizeClass++) {
      long blockSize = SizeClasses.blockSize(sizeClass, unitShift);
      assertTrue(blockSize > below, "blockSize=" + blockSize + ", below=" + below);
      assertEquals(0, blockSize % unit, "blockSize=" + blockSize);
      assertEquals(sizeClass, SizeClasses.of(blockSize, unitShift), "blockSize=" + blockSize);
      assertEquals(sizeClass, SizeClasses.of(below + 1, unitShift), "size=" + (below + 1));
      below = blockSize;
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 8, 16, 32, 64})
  void aSizeOverEightUnitsWastesLessThanAnEighth(long unit) {
    int unitShift = Long.numberOfTrailingZeros(unit);
    for (int sizeClass = 8; sizeClass < 8 * 30; sizeClass++) {
      long smallest = SizeClasses.blockSize(sizeClass - 1, unitShift) + 1;
      long waste = SizeClasses.blockSize(sizeClass, unitShift) - smallest;
      assertTrue(waste * 8 < smallest, () -> "size=" + smallest + ", waste=" + waste);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, -15, -16, -17, Long.MIN_VALUE + 1, Long.MIN_VALUE})
  void aSizeBelowOneHasAClassBeyondThatOfTheLargestMaxSize(long size) {
    for (int unitShift = 0; unitShift <= 40; unitShift++) {
      int last = SizeClasses.of(SizeClassAllocator.Builder.MAX_MAX_SIZE, unitShift);
      int sizeClass = SizeClasses.of(size, unitShift);
      assertTrue(sizeClass > last, "unitShift=" + unitShift + ", class=" + sizeClass);
    }
  }

  @Test
  void theTableOfTheJavadocIsTrue() {
    long[] expected = {
      16, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320, 352, 384,
      416, 448, 480, 512, 576, 640
    };
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], SizeClasses.blockSize(i, 4));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "16,65536",
    "48,65536",
    "208,65536",
    "1152,65536",
    "5120,65536",
    "32768,65536",
    "80,1000",
    "3072,1000"
  })
  void pagesStartSmallAndGrowAndEndWithoutATail(long blockSize, long pageSize) {
    var ledger = RecordingAllocator.create();
    var allocator = SizeClassAllocator.builder(ledger).pageSize(pageSize).build();
    int count = (int) (20 * Math.max(1, pageSize / blockSize));
    long[] blocks = new long[count];
    for (int i = 0; i < count; i++) {
      blocks[i] = allocator.malloc(blockSize);
    }
    List<Long> pages = ledger.sizes();
    assertTrue(pages.get(0) <= Math.max(blockSize, 16384), () -> "first=" + pages.get(0));
    long below = 0;
    long held = 0;
    for (long page : pages) {
      assertTrue(page == pages.get(0) || page <= held * 9 / 8, () -> "too large: " + pages);
      assertTrue(page / blockSize <= 64 || page / blockSize % 64 == 0, () -> "tail: " + pages);
      held += page;
      assertTrue(page >= below && page <= Math.max(blockSize, pageSize), () -> "" + pages);
      assertTrue(page % blockSize * 50 < page, () -> "tail: " + pages);
      below = page;
    }
    long reserved = allocator.stats().reservedBytes();
    assertTrue(
        reserved <= count * blockSize * 5 / 4 + 16384 + blockSize, () -> "reserved=" + reserved);
    for (long block : blocks) {
      allocator.free(block);
    }
    allocator.close();
    ledger.assertEverythingReturned();
  }

  @Test
  void manyClassesReserveLittleForAHandfulOfBlocks() {
    var ledger = RecordingAllocator.create();
    try (var allocator = SizeClassAllocator.builder(ledger).build()) {
      for (long size = 16; size <= 1024; size += 16) {
        allocator.free(allocator.malloc(size));
      }
      long reserved = allocator.stats().reservedBytes();
      assertTrue(reserved <= 40 * 16384, () -> "reserved=" + reserved);
    }
  }

  @Test
  void theBuilderNamesWhatIsWrong() {
    var ledger = RecordingAllocator.builder().maxSize(10_000).build();
    refuses("sizeclass: maxSize is less than one byte: maxSize=0, limit=1", b(ledger).maxSize(0));
    refuses(
        "sizeclass: pageSize is less than one byte: pageSize=0, limit=1", b(ledger).pageSize(0));
    refuses(
        "sizeclass: alignment is not a power of two: alignment=24, limit=4611686018427387904",
        b(ledger).alignment(24));
    refuses(
        "sizeclass: maxSize exceeds what the inner serves: maxSize=10001, limit=10000",
        b(ledger).maxSize(10_001));
    refuses(
        "sizeclass: heaps has no effect without shared=true: heaps=3",
        b(ledger).maxSize(100).heaps(3));
    refuses(
        "sizeclass: heaps is out of range: heaps=2048, limit=1024",
        b(ledger).maxSize(100).shared().heaps(2048));
    assertEquals(0, ledger.mallocs());
  }

  private static SizeClassAllocator.Builder b(RecordingAllocator ledger) {
    return SizeClassAllocator.builder(ledger);
  }

  private static void refuses(String message, SizeClassAllocator.Builder builder) {
    var e = assertThrows(IllegalArgumentException.class, builder::build);
    assertEquals(message, e.getMessage());
  }

  @Test
  void theErrorOfAnotherThreadNamesTheRemedy() throws InterruptedException {
    try (var allocator = SizeClassAllocator.builder(RecordingAllocator.create()).build()) {
      String[] message = new String[1];
      Thread other =
          new Thread(
              () ->
                  message[0] =
                      assertThrows(IllegalStateException.class, () -> allocator.malloc(1))
                          .getMessage());
      other.start();
      other.join();
      assertTrue(message[0].endsWith(", remedy=shared=true"), () -> message[0]);
    }
  }

  @Test
  void aSoleClassKnowsWhichOfManyNeighboursCameBack() {
    var inner = RecordingAllocator.create();
    try (var classes = SizeClassAllocator.builder(inner).maxSize(16).build()) {
      long[] all = LongStream.range(0, 3000).map(i -> classes.malloc(16)).toArray();
      for (int i = 0; i < all.length; i++) {
        long address = all[i];
        classes.free(address);
        if (i % 37 == 36 && classes.owns(address)) {
          assertThrows(InvalidFreeException.class, () -> classes.free(address));
        }
        if (i % 50 == 0) {
          assertEquals(all.length - i - 1, classes.stats().liveBlocks());
        }
      }
      assertEquals(0, classes.stats().liveBlocks());
    }
    inner.assertEverythingReturned();
  }
}
