package org.jallocator.testkit;

import static org.jallocator.testkit.Subject.hex;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.OwningAllocator;
import org.junit.jupiter.api.Test;

/** The rows of the contract about free, tryFree and owns. */
abstract class FreeRows extends MallocRows {

  @Test
  void freeIgnoresNull() {
    subject().malloc(1);
    AllocatorStats before = allocator().stats();
    allocator().free(Allocator.NULL);
    allocator().free(Allocator.NULL, 1);
    assertEquals(before, allocator().stats());
  }

  @Test
  void nullIsNobodysMemory() {
    OwningAllocator owning = owning();
    subject().malloc(1);
    AllocatorStats before = owning.stats();
    assertFalse(owning.owns(Allocator.NULL), "owns(NULL)");
    assertFalse(owning.tryFree(Allocator.NULL), "tryFree(NULL)");
    assertFalse(owning.tryFree(Allocator.NULL, 1), "tryFree(NULL, 1)");
    assertEquals(before, owning.stats());
  }

  @Test
  void allFormsOfFreeTakeABlockBack() {
    for (int i = 0; i < 8; i++) {
      long size = Math.min(allocator().maxSize(), 1L << i);
      subject().free(subject().malloc(size));
      subject().freeSized(subject().malloc(size));
      if (allocator() instanceof OwningAllocator) {
        subject().tryFree(subject().malloc(size));
        subject().tryFreeSized(subject().malloc(size));
      }
    }
  }

  @Test
  void aDoubleFreeIsRefusedByEveryFormOfFree() {
    owning();
    long freed = subject().malloc(1);
    long young = subject().malloc(1);
    subject().free(freed);
    assertRefused(freed, 1, Reason.DOUBLE_FREE);
    subject().free(young);
  }

  @Test
  void aFreeOfTheInteriorOfABlockIsRefused() {
    owning();
    long maxSize = allocator().maxSize();
    for (long size : new long[] {2, 3, 16, 100, 1000, Math.min(maxSize, 4096)}) {
      if (size <= maxSize) {
        subject().malloc(1);
        long address = subject().malloc(size);
        subject().malloc(1);
        for (long offset = 1; offset < size; offset++) {
          assertRefused(address + offset, 1, Reason.NOT_A_BLOCK);
        }
        subject().freeEverything();
      }
    }
  }

  @Test
  void aFreeOfForeignMemoryIsRefused() {
    OwningAllocator owning = owning();
    assertForeign(0x1234_5670L);
    subject().malloc(1);
    subject().malloc(allocator().maxSize() > 1 << 20 ? 1000 : allocator().maxSize());
    for (long address : foreignAddresses()) {
      if (!owning.owns(address)) {
        assertForeign(address);
      }
    }
  }

  private List<Long> foreignAddresses() {
    List<Long> addresses = new ArrayList<>();
    for (long address : new long[] {1, 8, 4096, -1, -8, Long.MIN_VALUE, Long.MAX_VALUE}) {
      addresses.add(address);
    }
    subject().blocks().forEach(block -> addresses.add(block.address() ^ Long.MIN_VALUE));
    subject().blocks().forEach(block -> addresses.add(block.address() ^ (1L << 32)));
    RecordingAllocator ledger = subject().ledger();
    if (ledger != null) {
      for (Map.Entry<Long, Long> held : ledger.liveBlocks().entrySet()) {
        addresses.add(held.getKey() - 1);
        addresses.add(held.getKey() - held.getValue());
        addresses.add(held.getKey() + held.getValue());
      }
    }
    return addresses;
  }

  private void assertForeign(long address) {
    OwningAllocator owning = owning();
    String what = hex(address);
    AllocatorStats before = owning.stats();
    assertFalse(owning.owns(address), () -> "owns " + what);
    assertFalse(owning.tryFree(address), () -> "tryFree " + what);
    assertFalse(owning.tryFree(address, 1), () -> "tryFree " + what);
    assertFalse(owning.tryFree(address, -1), () -> "tryFree " + what + ", -1");
    subject().assertUnchanged(before);
    assertReason(address, Reason.FOREIGN, "free " + what, () -> owning.free(address));
    assertReason(address, Reason.FOREIGN, "free sized " + what, () -> owning.free(address, 1));
  }

  @Test
  void ownsAgreesWithWhatIsHeldFromTheInner() {
    OwningAllocator owning = owning();
    RecordingAllocator ledger = subject().ledger();
    for (int i = 0; i < 100; i++) {
      subject().malloc(1 + i % Math.min(owning.maxSize(), 100));
    }
    if (ledger != null && subject().isExact()) {
      for (Map.Entry<Long, Long> held : ledger.liveBlocks().entrySet()) {
        long first = held.getKey();
        long last = first + held.getValue() - 1;
        for (long address : new long[] {first, last, first + held.getValue() / 2}) {
          assertTrue(owning.owns(address), () -> "owns " + hex(address));
        }
        for (long address : new long[] {first - 1, last + 1}) {
          assertEquals(ledger.holds(address, 1), owning.owns(address), () -> hex(address));
        }
      }
    }
  }

  @Test
  void aSizeThatNoBlockCanHaveIsRefused() {
    long address = subject().malloc(1);
    long maxSize = allocator().maxSize();
    for (long size : new long[] {0, -1, maxSize + 1, Long.MAX_VALUE, Long.MIN_VALUE}) {
      if (size < 1 || size > maxSize) {
        assertSizeMismatch(address, size);
      }
    }
    subject().freeSized(address);
  }

  private void assertSizeMismatch(long address, long size) {
    String what = "size=" + size;
    InvalidFreeException e =
        assertReason(address, Reason.SIZE_MISMATCH, "free", () -> allocator().free(address, size));
    assertShaped(e, what, "limit=");
    if (allocator() instanceof OwningAllocator owning) {
      assertReason(
          address, Reason.SIZE_MISMATCH, "tryFree " + what, () -> owning.tryFree(address, size));
    }
  }

  /** Expects that every form of free refuses an address that lies in the allocator's memory. */
  final void assertRefused(long address, long size, Reason reason) {
    OwningAllocator owning = owning();
    String what = hex(address);
    if (!owning.owns(address)) {
      assertForeign(address);
      return;
    }
    assertReason(address, reason, "free " + what, () -> owning.free(address));
    assertReason(address, reason, "free sized " + what, () -> owning.free(address, size));
    assertReason(address, reason, "tryFree " + what, () -> owning.tryFree(address));
    assertReason(address, reason, "tryFree sized " + what, () -> owning.tryFree(address, size));
  }

  private InvalidFreeException assertReason(
      long address, Reason reason, String what, org.junit.jupiter.api.function.Executable free) {
    InvalidFreeException e = subject().refuses(InvalidFreeException.class, what, free);
    assertEquals(reason, e.reason(), () -> what + ": " + e.getMessage());
    assertEquals(address, e.address(), what);
    assertShaped(e, "address=" + hex(address));
    return e;
  }
}
