package org.jallocator.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.InvalidFreeException;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.AllocatorListener;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the leaf on C's malloc tells listeners. */
final class LeafEventsTest {

  /** Less than an address space, more than any machine has. */
  private static final long TOO_MUCH = 1L << 61;

  private final List<Object> told = new ArrayList<>();

  private final AllocatorListener listener =
      new AllocatorListener() {
        @Override
        public void innerRefused(String layer, long bytes) {
          told.add(layer + " was refused " + bytes);
          throw new IllegalStateException("planned");
        }

        @Override
        public void invalidFree(String layer, InvalidFreeException refusal) {
          told.add(refusal);
          throw new IllegalStateException("planned");
        }
      };

  @BeforeEach
  void add() {
    AllocatorEvents.add(listener);
  }

  @AfterEach
  void remove() {
    AllocatorEvents.remove(listener);
  }

  @Test
  void aMallocForWhichCHasNoMemoryIsToldOnce() {
    try (Allocator allocator = new DefaultAllocator()) {
      assertEquals(Allocator.NULL, allocator.tryMalloc(TOO_MUCH));
      assertEquals(List.of("jna was refused " + TOO_MUCH), told);
      assertThrows(OutOfMemoryError.class, () -> allocator.malloc(TOO_MUCH));
      assertEquals(2, told.size());
    }
  }

  @Test
  void aFreeWithASizeThatNoBlockHasIsToldOnce() {
    try (Allocator allocator = new DefaultAllocator()) {
      long address = allocator.malloc(64);
      Throwable thrown =
          assertThrows(InvalidFreeException.class, () -> allocator.free(address, -1));
      assertEquals(List.of(thrown), told);
      allocator.free(address, 64);
    }
  }
}
