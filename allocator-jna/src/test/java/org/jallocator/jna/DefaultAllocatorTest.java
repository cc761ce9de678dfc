package org.jallocator.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.util.ArrayList;
import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.AllocatorConfigException;
import org.jallocator.spi.StackChecked;
import org.jallocator.stack.AllocatorStack;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract on the C library's own memory. */
final class DefaultAllocatorTest extends RealMemoryContract {

  @Override
  protected Allocator create(Allocator inner) {
    return new DefaultAllocator();
  }

  /** The contract on the C library's aligned memory. */
  @Nested
  final class Aligned extends RealMemoryContract {
    @Override
    protected Allocator create(Allocator inner) {
      return new DefaultAllocator(256);
    }
  }

  @Test
  void tinyBlocksAreAlignedForEveryObject() {
    try (var c = new DefaultAllocator()) {
      assertEquals(2L * Native.POINTER_SIZE, c.alignment());
      for (long size = 1; size <= 64; size++) {
        long address = c.malloc(size);
        assertEquals(0, address % c.alignment(), "size=" + size);
        c.free(address);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 4096})
  void anOverflowHasNotReachedC(long alignment) {
    try (var c = new DefaultAllocator(alignment)) {
      assertTrue(StackChecked.is(c));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {32, 4096, 1 << 16, 1 << 21})
  void blocksOfEverySizeAreAlignedAsAsked(long alignment) {
    try (var c = new DefaultAllocator(alignment)) {
      assertEquals(alignment, c.alignment());
      List<Long> live = new ArrayList<>();
      for (long size : new long[] {1, 31, 4095, 4096, 4097, 100_000}) {
        long address = c.malloc(size);
        assertEquals(0, address % alignment, () -> "size=" + size);
        write(address, size, (byte) 7);
        live.add(address);
      }
      live.forEach(c::free);
    }
  }

  @Test
  void anAlignedBlockIsAsLongAsAsked() {
    var usableSize = LibraryCalls.usableSize(NativeLibrary.getProcess());
    try (var c = new DefaultAllocator(4096)) {
      for (long size : new long[] {1, 4096, 4097, 65536}) {
        long address = c.malloc(size);
        assertTrue(usableSize.malloc_usable_size(address) >= size, () -> "size=" + size);
        c.free(address);
      }
    }
  }

  @Test
  void anAlignmentBelowThatOfMallocIsMallocs() {
    try (var c = new DefaultAllocator(1)) {
      assertEquals(2L * Native.POINTER_SIZE, c.alignment());
      assertEquals("jna", c.toString());
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, 3, 48, Long.MIN_VALUE})
  void whatIsNoPowerOfTwoIsNoAlignment(long alignment) {
    var e = assertThrows(IllegalArgumentException.class, () -> new DefaultAllocator(alignment));
    assertEquals("jna: alignment is no power of two: alignment=" + alignment, e.getMessage());
  }

  @Test
  void aStackAlignsItsLeaf() {
    try (var stack = AllocatorStack.open("jna(alignment=64K)")) {
      assertEquals(1 << 16, stack.allocator().alignment());
      assertEquals("jna(alignment=64KiB)", stack.toString());
    }
    assertThrows(AllocatorConfigException.class, () -> AllocatorStack.open("jna(alignment=48)"));
  }

  @Test
  void whatTheCLibraryCannotServeIsOutOfMemory() {
    for (var c : List.of(new DefaultAllocator(), new DefaultAllocator(4096))) {
      var e = assertThrows(OutOfMemoryError.class, () -> c.malloc(Long.MAX_VALUE));
      assertEquals("jna: no memory: size=" + Long.MAX_VALUE, e.getMessage());
      assertEquals(Allocator.NULL, c.tryMalloc(Long.MAX_VALUE));
      assertEquals(Allocator.NULL, c.tryMalloc(Long.MAX_VALUE - 4095));
      c.close();
    }
  }
}
