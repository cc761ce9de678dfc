package org.jallocator.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.sun.jna.Pointer;
import org.jallocator.Allocator;
import org.jallocator.testkit.AllocatorContract;
import org.jallocator.testkit.LayerKind;
import org.junit.jupiter.api.Test;

/** The contract on the C library's own memory. */
final class DefaultAllocatorTest extends AllocatorContract {

  @Override
  protected Allocator create(Allocator inner) {
    return new DefaultAllocator();
  }

  @Override
  protected LayerKind kind() {
    return LayerKind.LEAF;
  }

  @Override
  protected void write(long address, long size, byte pattern) {
    new Pointer(address).setMemory(0, size, pattern);
  }

  @Override
  protected boolean verify(long address, long size, byte pattern) {
    for (byte b : new Pointer(address).getByteArray(0, (int) size)) {
      if (b != pattern) {
        return false;
      }
    }
    return true;
  }

  @Test
  void tinyBlocksAreAlignedForEveryObject() {
    try (var c = new DefaultAllocator()) {
      assertEquals(2L * com.sun.jna.Native.POINTER_SIZE, c.alignment());
      for (long size = 1; size <= 64; size++) {
        long address = c.malloc(size);
        assertEquals(0, address % c.alignment(), "size=" + size);
        c.free(address);
      }
    }
  }

  @Test
  void whatTheCLibraryCannotServeIsOutOfMemory() {
    try (var c = new DefaultAllocator()) {
      var e = assertThrows(OutOfMemoryError.class, () -> c.malloc(Long.MAX_VALUE));
      assertEquals("jna: no memory: size=" + Long.MAX_VALUE, e.getMessage());
      assertEquals(Allocator.NULL, c.tryMalloc(Long.MAX_VALUE));
    }
  }
}
