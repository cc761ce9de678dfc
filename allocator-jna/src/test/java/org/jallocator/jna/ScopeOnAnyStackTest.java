package org.jallocator.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import org.jallocator.Allocator;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Scopes on allocators of any alignment, and what they keep from one round for the next. */
final class ScopeOnAnyStackTest {

  /** C's memory, at addresses that are a multiple of an alignment and of nothing larger. */
  private static final class OddMemory extends ForwardingAllocator {

    private final long alignment;
    private final long maxSize;
    private long mallocs;
    private long live;

    OddMemory(long alignment, long maxSize) {
      super(new DefaultAllocator(Math.max(16, 2 * alignment)));
      this.alignment = alignment;
      this.maxSize = maxSize;
    }

    @Override
    public long malloc(long size) {
      if (size > maxSize) {
        throw new IllegalArgumentException("too large");
      }
      mallocs++;
      live++;
      return super.malloc(size + alignment) + alignment;
    }

    @Override
    public long tryMalloc(long size) {
      return size > maxSize ? NULL : malloc(size);
    }

    @Override
    public void free(long address, long size) {
      live--;
      super.free(address - alignment, size + alignment);
    }

    @Override
    public long alignment() {
      return alignment;
    }

    @Override
    public long maxSize() {
      return maxSize;
    }
  }

  @Structure.FieldOrder({"number", "tail"})
  public static class Record1 extends Structure {
    public double number;
    public byte[] tail = new byte[4];

    public Record1() {}

    public Record1(Pointer pointer) {
      super(pointer);
    }
  }

  private static void assertAligned(Memory memory, long alignment) {
    assertEquals(0, Pointer.nativeValue(memory) % alignment, memory::toString);
    memory.setMemory(0, memory.size(), (byte) 1);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 4, 8, 16, 32, 64, 128})
  void whatAScopeHandsOutIsAlignedForCOnAnyStack(long alignment) {
    long least = Math.max(16, Math.min(alignment, 64));
    OddMemory odd = new OddMemory(alignment, Long.MAX_VALUE);
    try (NativeScope outer = NativeScope.open(odd, 200);
        NativeScope scope = outer.nested()) {
      scope.byteByReference((byte) 1);
      for (int size : new int[] {1, 3, 16, 17, 100, 101, 500, 5000}) {
        assertAligned(scope.memory(size), least);
        assertEquals(0, Pointer.nativeValue(scope.longByReference().getPointer()) % 8);
        assertAligned(scope.pointers((Pointer) null), 8);
        assertEquals(0, Pointer.nativeValue(scope.struct(Record1.class).getPointer()) % 16);
      }
    }
    assertEquals(0, odd.live);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 4, 16, 64})
  void memoryOfAGivenAlignmentIsOfThatAlignment(long ofStack) {
    OddMemory odd = new OddMemory(ofStack, Long.MAX_VALUE);
    try (NativeScope scope = NativeScope.open(odd)) {
      for (long alignment = 1; alignment <= 1 << 16; alignment *= 2) {
        assertAligned(scope.memory(24, alignment), alignment);
        assertAligned(scope.memory(3, 1), 1);
        assertAligned(scope.memory(2 * alignment + 1, alignment), alignment);
      }
    }
    assertEquals(0, odd.live);
  }

  /** Has one block, invented, that ends at a distance from the end of the address space. */
  private static final class Topmost extends ForwardingAllocator {

    private final long distance;
    private boolean isFree = true;

    Topmost(long distance) {
      super(new DefaultAllocator());
      this.distance = distance;
    }

    @Override
    public long malloc(long size) {
      long address = tryMalloc(size);
      if (address == NULL) {
        throw new IllegalStateException("one block alone");
      }
      return address;
    }

    @Override
    public long tryMalloc(long size) {
      long address = isFree ? -distance - size : NULL;
      isFree = false;
      return address;
    }

    @Override
    public void free(long address, long size) {
      assertEquals(-distance, address + size);
      isFree = true;
    }

    @Override
    public long alignment() {
      return 16;
    }

    @Override
    public long maxSize() {
      return Long.MAX_VALUE;
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 16, 1024})
  void memoryAtTheEndOfTheAddressSpaceIsNotAtNull(long distance) {
    for (long alignment = 16; alignment > 0; alignment *= 2) {
      Topmost topmost = new Topmost(distance);
      try (NativeScope scope = NativeScope.open(topmost, 1024)) {
        long start = scope.malloc(16);
        long next = memoryOrNull(scope, alignment);
        String at = "alignment=" + alignment + ", next=" + next;
        assertEquals(0, next & (alignment - 1), at);
        // What is aligned next in the chunk; where it wraps, there is none.
        long skipped = -(start + 16) & (alignment - 1);
        long expected = skipped <= 1024 - 16 - 16 ? start + 16 + skipped : 0;
        assertEquals(expected, next, at);
      }
      assertTrue(topmost.isFree);
    }
  }

  private static long memoryOrNull(NativeScope scope, long alignment) {
    try {
      Memory memory = scope.memory(16, alignment);
      assertNotEquals(0, Pointer.nativeValue(memory), "alignment=" + alignment);
      return Pointer.nativeValue(memory);
    } catch (IllegalStateException e) {
      return 0;
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 16, 1024})
  void aChunkAtTheEndOfTheAddressSpaceIsHandedOutOnce(long distance) {
    try (NativeScope scope = NativeScope.open(new Topmost(distance), 1024)) {
      long first = scope.malloc(16);
      for (int i = 1; i < 1024 / 16; i++) {
        try (NativeScope nested = scope.nested()) {
          assertEquals(first + 16L * i, nested.malloc(16));
        }
        assertEquals(first + 16L * i, scope.malloc(16));
      }
      assertThrows(IllegalStateException.class, () -> scope.malloc(16));
      assertThrows(IllegalStateException.class, () -> scope.memory(16, 16));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, 3, 24, Long.MIN_VALUE + 1})
  void anAlignmentThatIsNoPowerOfTwoIsRefused(long alignment) {
    try (NativeScope scope = NativeScope.open(new DefaultAllocator())) {
      assertThrows(IllegalArgumentException.class, () -> scope.memory(8, alignment));
    }
  }

  @Test
  void whatCannotBeAlignedIsRefusedAndBytesAreServedAllTheSame() {
    OddMemory odd = new OddMemory(4, 100);
    try (NativeScope scope = NativeScope.open(odd)) {
      var e = assertThrows(IllegalArgumentException.class, () -> scope.memory(100));
      assertEquals(
          "size exceeds what the allocator serves at this alignment: size=100, alignment=16,"
              + " limit=88",
          e.getMessage());
      assertEquals(100, scope.bytes(new byte[100]).size());
      assertEquals(80, scope.memory(80).size());
    }
    assertEquals(0, odd.live);
  }

  @ParameterizedTest
  @ValueSource(longs = {1L << 16, 1L << 40, (1L << 62) - 1, 1L << 62, Long.MAX_VALUE})
  void aChunkSizeThatIsMoreThanTheAllocatorServesIsAsMuchAsItServes(long chunkSize) {
    OddMemory counting = new OddMemory(16, 1 << 16);
    try (NativeScope scope = NativeScope.open(counting, chunkSize)) {
      for (int i = 0; i < 10 << 10; i++) {
        scope.malloc(64);
      }
    }
    assertEquals(10, counting.mallocs);
    assertEquals(0, counting.live);
  }

  @Test
  void roundsThatNeedMoreThanAChunkTakeNothingMoreFromTheAllocator() {
    for (int blocks : new int[] {2, 3, 10, 40}) {
      for (int size : new int[] {400, 600, 1500}) {
        OddMemory counting = new OddMemory(16, Long.MAX_VALUE);
        try (NativeScope outer = NativeScope.open(counting)) {
          for (int round = 0; round < 3; round++) {
            round(outer, blocks, size);
          }
          long mallocs = counting.mallocs;
          for (int round = 0; round < 100; round++) {
            round(outer, blocks, size);
          }
          assertEquals(mallocs, counting.mallocs, blocks + " of " + size);
        }
        assertEquals(0, counting.live);
      }
    }
  }

  private static void round(NativeScope outer, int blocks, int size) {
    try (NativeScope scope = outer.nested()) {
      for (int i = 0; i < blocks; i++) {
        assertAligned(scope.memory(size), 16);
      }
    }
  }

  @Test
  void noMoreIsKeptThanTheBoundSays() {
    for (long retain : new long[] {0, 1000, 10_000, 1 << 20}) {
      try (var recording = RecordingAllocator.builder().build()) {
        try (NativeScope outer = NativeScope.open(recording, 1024, retain)) {
          outer.malloc(1);
          try (NativeScope scope = outer.nested()) {
            for (int i = 0; i < 300; i++) {
              scope.malloc(100 + i * 7);
            }
          }
          long kept = recording.stats().liveBytes() - 1024;
          assertTrue(kept <= retain, () -> "kept " + kept + " of " + retain);
          assertTrue(recording.stats().liveBlocks() <= 65);
          if (retain > 5000) {
            assertTrue(kept > 0);
          }
        }
      }
    }
    assertThrows(
        IllegalArgumentException.class, () -> NativeScope.open(new DefaultAllocator(), 1024, -1));
  }

  @Test
  void keptBlocksDoNotOverlapWhatTheOuterScopeTakesAfterwards() {
    RealMemory real = RealMemory.confined();
    try (NativeScope outer = NativeScope.open(real, 64)) {
      for (int round = 0; round < 50; round++) {
        Memory mine = outer.memory(40);
        mine.setMemory(0, 40, (byte) round);
        try (NativeScope scope = outer.nested()) {
          for (int i = 0; i < 20; i++) {
            scope.zeroed(30 + 3L * i);
          }
        }
        Memory more = outer.memory(90);
        more.setMemory(0, 90, (byte) -1);
        for (int i = 0; i < 40; i++) {
          assertEquals(round, mine.getByte(i));
        }
      }
    }
    real.close();
  }

  @Test
  void aNullTextIsNullAndNoStructuresAreAnEmptyArray() {
    try (NativeScope scope = NativeScope.open(new DefaultAllocator())) {
      assertNull(scope.string(null));
      assertNull(scope.wideString(null));
      assertEquals(0, scope.structs(Record1.class, 0).length);
    }
  }

  @Test
  void aStructureOfVariableLengthHasTheBytesBehindItsFields() {
    try (NativeScope scope = NativeScope.open(RealMemory.shared())) {
      Record1 made = scope.struct(Record1.class, 64);
      made.getPointer().setByte(63, (byte) 1);
      assertEquals(0, made.getPointer().getByte(40));
      assertThrows(IndexOutOfBoundsException.class, () -> made.getPointer().setByte(64, (byte) 1));
      assertThrows(IllegalArgumentException.class, () -> scope.struct(Record1.class, 8));
    }
  }

  /** Passes on to another allocator. */
  private abstract static class ForwardingAllocator implements Allocator {

    private final Allocator inner;

    ForwardingAllocator(Allocator inner) {
      this.inner = inner;
    }

    @Override
    public long malloc(long size) {
      return inner.malloc(size);
    }

    @Override
    public void free(long address) {
      throw new IllegalStateException("without a size");
    }

    @Override
    public void free(long address, long size) {
      inner.free(address, size);
    }

    @Override
    public boolean isShared() {
      return true;
    }

    @Override
    public org.jallocator.AllocatorStats stats() {
      return inner.stats();
    }

    @Override
    public void close() {
      inner.close();
    }
  }
}
