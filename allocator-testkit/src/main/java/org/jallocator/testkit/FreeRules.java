package org.jallocator.testkit;

import static org.jallocator.testkit.Subject.hex;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.OwningAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The rules of the contract about free, tryFree and owns. */
abstract class FreeRules extends MallocRules {

  @Test
  void freeIgnoresNull() {
    subject().malloc(1);
    AllocatorStats before = allocator().stats();
    allocator().free(Allocator.NULL);
    allocator().free(Allocator.NULL, 1);
    assertEquals(before, allocator().stats());
  }

  @AppliesTo(Trait.OWNING)
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

  @AppliesTo(Trait.OWNING)
  void aDoubleFreeIsRefusedByEveryFormOfFree() {
    WrongFrees wrong = wrongFrees();
    long freed = subject().malloc(1);
    subject().malloc(1);
    subject().free(freed);
    wrong.refused(freed, 1, Reason.DOUBLE_FREE);
  }

  @AppliesTo(Trait.OWNING)
  void aFreeOfEveryAddressInsideABlockIsRefused() {
    WrongFrees wrong = wrongFrees();
    long maxSize = allocator().maxSize();
    for (long size : new long[] {2, 3, 16, 100, Math.min(maxSize, 1000)}) {
      if (size <= maxSize) {
        subject().malloc(1);
        long address = subject().malloc(size);
        subject().malloc(1);
        long occupied = Math.min(subject().occupied(address), size + 64);
        for (long offset = 1; offset < occupied; offset++) {
          wrong.refused(address + offset, 1, Reason.NOT_A_BLOCK);
        }
        subject().freeEverything();
      }
    }
  }

  @AppliesTo(Trait.OWNING)
  void aFreeOfForeignMemoryIsRefused() {
    WrongFrees wrong = wrongFrees();
    wrong.foreignUnlessHeld(wrong.foreignCandidates());
    subject().malloc(1);
    subject().malloc(allocator().maxSize() > 1 << 20 ? 1000 : allocator().maxSize());
    wrong.foreignUnlessHeld(wrong.foreignCandidates());
  }

  @AppliesTo({Trait.OWNING, Trait.EXACT})
  void memoryThatWentBackToTheInnerIsForeign() {
    WrongFrees wrong = wrongFrees();
    RecordingAllocator ledger = ledger();
    List<Long> addresses = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      addresses.add(subject().malloc(1 + i % Math.min(allocator().maxSize(), 100)));
    }
    subject().freeEverything();
    for (long address : addresses) {
      if (!ledger.holds(address, 1)) {
        wrong.foreign(address);
      }
    }
  }

  @AppliesTo({Trait.OWNING, Trait.EXACT})
  void ownsAgreesWithWhatIsHeldFromTheInner() {
    OwningAllocator owning = owning();
    RecordingAllocator ledger = ledger();
    for (int i = 0; i < 100; i++) {
      subject().malloc(1 + i % Math.min(owning.maxSize(), 100));
    }
    for (Map.Entry<Long, Long> held : ledger.liveBlocks().entrySet()) {
      long first = held.getKey();
      long last = first + held.getValue() - 1;
      for (long address : new long[] {first, last, first + held.getValue() / 2}) {
        assertTrue(owning.owns(address), () -> "owns " + hex(address));
      }
      for (long address : new long[] {first - 1, last + 1}) {
        assertEquals(ledger.holds(address, 1), owning.owns(address), () -> "owns " + hex(address));
      }
    }
  }

  @Test
  void aSizeThatNoBlockCanHaveIsRefused() {
    long address = subject().malloc(1);
    long maxSize = allocator().maxSize();
    for (long size :
        new long[] {0, -1, -64, maxSize + 1, Long.MAX_VALUE, Long.MIN_VALUE, Integer.MIN_VALUE}) {
      if (size < 1 || size > maxSize) {
        assertSizeMismatch("free", size, address, () -> allocator().free(address, size));
        if (allocator() instanceof OwningAllocator owning) {
          assertSizeMismatch("tryFree", size, address, () -> owning.tryFree(address, size));
        }
      }
    }
    subject().freeSized(address);
  }

  @AppliesTo({Trait.OWNING, Trait.TRACKED})
  void liveAddressesAreOfLiveBlocks() {
    OwningAllocator owning = owning();
    assertEquals(0, owning.liveAddresses(9).length, "addresses of nothing");
    for (int count = 1; count <= 40; count++) {
      subject().malloc(1 + count % Math.min(allocator().maxSize(), 100));
      if (count % 3 == 0) {
        subject().free(subject().blocks().get(0).address());
      }
      for (int limit : new int[] {0, 1, subject().blocks().size(), 100}) {
        assertLive(owning.liveAddresses(limit), limit);
      }
    }
    subject().freeEverything();
    subject().close();
    assertEquals(0, owning.liveAddresses(9).length, "addresses after close");
  }

  private void assertLive(long[] addresses, int limit) {
    assertEquals(addresses.length, LongStream.of(addresses).distinct().count(), "named twice");
    assertTrue(addresses.length <= limit, () -> "too many: " + addresses.length);
    if (kind() != LayerKind.STACK) {
      assertEquals(Math.min(limit, subject().blocks().size()), addresses.length, "addresses");
    }
    for (long address : addresses) {
      assertTrue(subject().isLive(address), () -> "not live: " + hex(address));
    }
  }

  private void assertSizeMismatch(String what, long size, long address, Executable free) {
    InvalidFreeException e =
        subject().refuses(InvalidFreeException.class, what + " with size=" + size, free);
    assertEquals(Reason.SIZE_MISMATCH, e.reason(), e::getMessage);
    assertEquals(address, e.address());
    assertShaped(e, "address=" + hex(address), "size=" + size, "limit=");
  }

  private WrongFrees wrongFrees() {
    return new WrongFrees(subject());
  }
}
