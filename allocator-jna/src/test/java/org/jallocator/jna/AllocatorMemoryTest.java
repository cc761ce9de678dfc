package org.jallocator.jna;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.Structure.FieldOrder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jallocator.Allocator;
import org.jallocator.InvalidFreeException;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AllocatorMemoryTest {

  private static final Function STRLEN =
      NativeLibrary.getInstance(Platform.C_LIBRARY_NAME).getFunction("strlen");

  private final RealMemory real = RealMemory.shared();

  @AfterEach
  void everythingIsFreed() {
    real.close();
  }

  @Test
  void itIsTheAllocatorsBlockAndGoesBackWithItsSize() {
    var memory = AllocatorMemory.malloc(real, 24);
    assertEquals(24, memory.size());
    assertEquals(24, real.live().get(Pointer.nativeValue(memory)));
    assertTrue(memory.valid());
    memory.close();
    assertEquals(0, real.liveBlocks());
    assertFalse(memory.valid());
  }

  @Test
  void closingTwiceFreesOnce() {
    var memory = AllocatorMemory.malloc(real, 24);
    memory.close();
    memory.close();
    var confined = RealMemory.confined();
    var other = AllocatorMemory.malloc(confined, 24);
    other.close();
    other.close();
    confined.close();
  }

  @Test
  void contentsAreWhatTheAllocatorLeavesUnlessZeroesAreAskedFor() {
    try (var dirty = AllocatorMemory.malloc(real, 100);
        var clean = AllocatorMemory.zeroed(real, 100)) {
      assertEquals(RealMemory.DIRT, dirty.getByte(99));
      assertArrayEquals(new byte[100], clean.getByteArray(0, 100));
    }
  }

  @Test
  void aBlockInHandIsAdoptedAndFreed() {
    long address = real.malloc(40);
    try (var memory = AllocatorMemory.adopt(real, address, 40)) {
      assertEquals(address, Pointer.nativeValue(memory));
    }
    assertEquals(0, real.liveBlocks());
    assertEquals(
        "no block to adopt: address=0x0, size=40",
        assertThrows(
                IllegalArgumentException.class,
                () -> AllocatorMemory.adopt(real, Allocator.NULL, 40))
            .getMessage());
    assertThrows(IllegalArgumentException.class, () -> AllocatorMemory.adopt(real, 16, 0));
  }

  @Test
  void aRangeOutsideIsRefusedHoweverItOverflows() {
    try (var memory = AllocatorMemory.malloc(real, 16)) {
      memory.setLong(8, 1);
      assertEquals(
          "range exceeds memory: offset=9, length=8, limit=16",
          assertThrows(IndexOutOfBoundsException.class, () -> memory.setLong(9, 1)).getMessage());
      long[] offsets = {-1, 16, 17, Long.MAX_VALUE, Long.MAX_VALUE - 7, Long.MIN_VALUE};
      for (long offset : offsets) {
        assertThrows(IndexOutOfBoundsException.class, () -> memory.getLong(offset));
        assertThrows(IndexOutOfBoundsException.class, () -> memory.setMemory(offset, 8, (byte) 0));
        Pointer view = memory.share(8);
        assertThrows(IndexOutOfBoundsException.class, () -> view.getLong(offset - 8));
      }
      assertThrows(IndexOutOfBoundsException.class, () -> memory.share(8, 9));
      assertThrows(IndexOutOfBoundsException.class, () -> memory.share(17));
      assertThrows(IndexOutOfBoundsException.class, () -> memory.setMemory(0, 17, (byte) 0));
      assertThrows(IndexOutOfBoundsException.class, () -> memory.setMemory(0, -1, (byte) 0));
      assertThrows(IndexOutOfBoundsException.class, () -> memory.getByteBuffer(8, 9));
      assertThrows(IndexOutOfBoundsException.class, () -> memory.indexOf(17, (byte) 0));
      assertThrows(
          IndexOutOfBoundsException.class, () -> memory.setString(9, "seven..", "US-ASCII"));
      memory.setString(8, "seven..", "US-ASCII");
    }
  }

  @Test
  void sizesReachTheLimitsOfALong() {
    var recording = RecordingAllocator.create();
    var memory = AllocatorMemory.malloc(recording, Long.MAX_VALUE - 100);
    assertEquals(Long.MAX_VALUE - 100, memory.size());
    assertThrows(IndexOutOfBoundsException.class, () -> memory.getByte(Long.MAX_VALUE - 100));
    Memory tail = (Memory) memory.share(1L << 40);
    assertEquals(memory.size() - (1L << 40), tail.size());
    var e = assertThrows(IllegalArgumentException.class, () -> memory.getByteBuffer(0, 1L << 31));
    assertEquals("range exceeds a ByteBuffer: length=2147483648, limit=2147483647", e.getMessage());
    memory.close();
    recording.assertEverythingReturned();
  }

  @Test
  void whatTheAllocatorRefusesIsRefused() {
    var small = RealMemory.upTo(32);
    assertThrows(IllegalArgumentException.class, () -> AllocatorMemory.malloc(small, 33));
    assertThrows(IllegalArgumentException.class, () -> AllocatorMemory.zeroed(small, 0));
    var recording = RecordingAllocator.create();
    recording.failOnce(1, RecordingAllocator.Failure.RETURNS_NULL);
    assertThrows(OutOfMemoryError.class, () -> AllocatorMemory.malloc(recording, 8));
  }

  @Test
  void viewsAndAlignedViewsAreOnTheSameMemory() {
    try (var memory = AllocatorMemory.zeroed(real, 64)) {
      Pointer view = memory.share(16, 8);
      view.setInt(4, 77);
      assertEquals(77, memory.getInt(20));
      assertEquals(Pointer.nativeValue(memory) + 24, Pointer.nativeValue(view.share(8)));
      Memory odd = (Memory) memory.share(1);
      Memory aligned = odd.align(16);
      assertEquals(0, Pointer.nativeValue(aligned) % 16);
      assertEquals(48, aligned.size());
      assertSame(memory, memory.align(1));
      assertThrows(IllegalArgumentException.class, () -> memory.align(3));
      memory.setPointer(0, view);
      assertEquals(view, memory.getPointer(0));
      assertEquals(77, memory.getPointer(0).getInt(4));
    }
  }

  @Test
  void aBufferIsOnTheSameMemoryInThePlatformsOrder() {
    try (var memory = AllocatorMemory.zeroed(real, 64)) {
      ByteBuffer buffer = memory.getByteBuffer(8, 16);
      assertEquals(16, buffer.capacity());
      assertEquals(ByteOrder.nativeOrder(), buffer.order());
      buffer.putInt(0, 0x01020304);
      assertEquals(0x01020304, memory.getInt(8));
    }
  }

  @Test
  void cTakesItLikeAnyPointer() {
    try (var memory = AllocatorMemory.malloc(real, 64)) {
      memory.setString(0, "seven..", "US-ASCII");
      assertEquals(7, STRLEN.invokeInt(new Object[] {memory}));
      assertEquals(4, STRLEN.invokeInt(new Object[] {memory.share(3)}));
    }
  }

  @Test
  void afterClosingCIsPassedNull() {
    var memory = AllocatorMemory.malloc(real, 64);
    memory.close();
    assertEquals(Allocator.NULL, Pointer.nativeValue(memory));
    try (var holder = AllocatorMemory.malloc(real, Native.POINTER_SIZE)) {
      holder.setPointer(0, memory);
      assertNull(holder.getPointer(0));
    }
  }

  /** A structure that JNA lays over a pointer. */
  @FieldOrder({"x", "y", "items"})
  public static final class Point extends Structure {
    /** A field. */
    public int x;

    /** A field. */
    public long y;

    /** An array field. */
    public short[] items = new short[4];

    /** Lies on memory that is given. */
    public Point(Pointer memory) {
      super(memory);
    }
  }

  @Test
  void aStructureLaidOverItEndsWithIt() {
    var memory = AllocatorMemory.zeroed(real, 64);
    Point point = new Point(memory);
    point.x = 5;
    point.items[3] = 9;
    point.write();
    assertEquals(5, memory.getInt(0));
    assertEquals(9, memory.getShort(22));
    memory.close();
    assertThrows(IllegalStateException.class, point::write);
    assertThrows(IllegalStateException.class, point::read);
    assertThrows(IllegalStateException.class, point::clear);
    assertThrows(IllegalStateException.class, () -> point.toArray(2));
    assertThrows(IllegalStateException.class, () -> STRLEN.invokeInt(new Object[] {point}));
    assertThrows(IllegalStateException.class, () -> new Point(memory));
  }

  @Test
  void aStructureBecomesAnArrayAsFarAsTheMemoryReaches() {
    try (var memory = AllocatorMemory.zeroed(real, 3 * 24)) {
      Point first = new Point(memory);
      Point[] points = (Point[]) first.toArray(new Point[3]);
      points[2].x = 3;
      points[2].write();
      assertEquals(3, memory.getInt(48));
      assertThrows(IndexOutOfBoundsException.class, () -> first.toArray(4));
    }
    try (var memory = AllocatorMemory.zeroed(real, 8)) {
      assertThrows(IllegalArgumentException.class, () -> new Point(memory).size());
    }
  }

  @Test
  void ofRacingClosesOneFrees() throws Exception {
    int threads = 4;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      var barrier = new CyclicBarrier(threads);
      for (int round = 0; round < 2000; round++) {
        var memory = AllocatorMemory.malloc(real, 16);
        List<Future<?>> closes = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
          closes.add(
              pool.submit(
                  () -> {
                    barrier.await();
                    memory.close();
                    return null;
                  }));
        }
        for (Future<?> close : closes) {
          close.get();
        }
        assertEquals(0, real.liveBlocks(), "round=" + round);
      }
    } finally {
      pool.shutdown();
    }
  }

  @Test
  void aCloseByAnotherThanTheOwnerLeavesItOpen() throws Exception {
    var confined = RealMemory.confined();
    var memory = AllocatorMemory.zeroed(confined, 16);
    ExecutorService pool = Executors.newSingleThreadExecutor();
    try {
      pool.submit(() -> assertThrows(IllegalStateException.class, memory::close)).get();
    } finally {
      pool.shutdown();
    }
    assertTrue(memory.valid());
    memory.setInt(0, 1);
    memory.close();
    confined.close();
  }

  @Test
  void aFreeThatFailsLeavesItOpen() {
    for (RealMemory allocator : Arrays.asList(real, RealMemory.confined())) {
      long address = allocator.malloc(32);
      var wrong = AllocatorMemory.adopt(allocator, address, 16);
      assertThrows(InvalidFreeException.class, wrong::close);
      assertTrue(wrong.valid());
      assertEquals(address, Pointer.nativeValue(wrong));
      wrong.setInt(0, 7);
      assertThrows(InvalidFreeException.class, wrong::close);
      allocator.free(address, 32);
    }
  }

  @Test
  void equalityIsByAddressAsWithEveryPointer() {
    try (var memory = AllocatorMemory.malloc(real, 16);
        var other = AllocatorMemory.malloc(real, 16)) {
      Pointer plain = new Pointer(Pointer.nativeValue(memory));
      assertEquals(plain, memory);
      assertEquals(memory, plain);
      assertEquals(plain.hashCode(), memory.hashCode());
      assertNotEquals(memory, other);
    }
  }

  @Test
  void itTellsItsAddressAndSize() {
    var memory = AllocatorMemory.malloc(real, 16);
    String address = Long.toHexString(Pointer.nativeValue(memory));
    String at8 = Long.toHexString(Pointer.nativeValue(memory) + 8);
    Pointer view = memory.share(8);
    assertEquals("allocated@0x" + address + " (16 bytes)", memory.toString());
    assertEquals(
        "allocated@0x" + at8 + " (8 bytes) (shared from allocated@0x" + address + " (16 bytes))",
        view.toString());
    memory.close();
    assertEquals("closed (16 bytes)", memory.toString());
    assertEquals("closed (8 bytes)", view.toString());
    assertFalse(((Memory) view).valid());
  }

  @Test
  void jnasDisposeAllDoesNotSeeIt() {
    try (var memory = AllocatorMemory.zeroed(real, 16)) {
      Memory.disposeAll();
      Memory.purge();
      assertTrue(memory.valid());
      assertEquals(0, memory.getInt(0));
    }
  }

  @Test
  void whatIsReleasedIsTheCallersAndTheMemoryIsClosed() {
    AllocatorMemory memory = AllocatorMemory.zeroed(real, 24);
    long address = Pointer.nativeValue(memory);
    assertEquals(address, memory.release());
    assertThrows(IllegalStateException.class, () -> memory.getByte(0));
    assertThrows(IllegalStateException.class, memory::release);
    memory.close();
    assertEquals(1, real.liveBlocks());
    real.free(address, 24);
  }

  @Test
  void resizingMovesTheContentsAndClosesTheOldMemoryAndItsViews() {
    for (long size : new long[] {1, 23, 24, 25, 5000}) {
      AllocatorMemory memory = AllocatorMemory.malloc(real, 24);
      for (int i = 0; i < 24; i++) {
        memory.setByte(i, (byte) i);
      }
      Pointer view = memory.share(8);
      try (AllocatorMemory resized = memory.resize(size)) {
        assertEquals(size, resized.size());
        for (int i = 0; i < Math.min(24, size); i++) {
          assertEquals(i, resized.getByte(i));
        }
        assertThrows(IllegalStateException.class, () -> memory.getByte(0));
        assertThrows(IllegalStateException.class, () -> view.getByte(0));
        assertThrows(IllegalStateException.class, () -> memory.resize(8));
      }
      assertEquals(0, real.liveBlocks());
    }
  }

  @Test
  void aResizeThatIsNotServedLeavesTheMemoryAsItWas() {
    try (AllocatorMemory memory = AllocatorMemory.zeroed(real, 24)) {
      memory.setByte(3, (byte) 9);
      assertThrows(IllegalArgumentException.class, () -> memory.resize(0));
      assertThrows(OutOfMemoryError.class, () -> memory.resize(1L << 60));
      assertEquals(9, memory.getByte(3));
      assertEquals(1, real.liveBlocks());
    }
  }

  @Test
  void whatBothFreesOfAResizeThrowIsThrownOnce() {
    Error shared = new OutOfMemoryError("the same for all, of a full heap");
    WatchedAllocator failing =
        new WatchedAllocator(
            (call, size) -> {
              if (call.equals("free")) {
                throw shared;
              }
            });
    var memory = AllocatorMemory.malloc(failing, 100);
    assertSame(shared, assertThrows(Throwable.class, () -> memory.resize(200)));
  }

  /** The interpreter takes long enough from one access of the memory to the next one. */
  @Test
  @Tag("once")
  void aReleaseBesideACloseThatIsRefusedDoesNotLoseTheBlock(@TempDir Path directory)
      throws Exception {
    ChildJvm jvm =
        ChildJvm.run(
            ProgramThatReleasesAndCloses.class,
            List.of(ChildJvm.placeOf(Native.class)),
            List.of(
                "--enable-native-access=ALL-UNNAMED",
                "-XX:CompileCommand=exclude,org.jallocator.jna.AllocatorMemory::release"),
            directory);
    assertEquals(List.of("LOST 0"), jvm.lines("LOST").toList(), jvm::output);
  }
}
