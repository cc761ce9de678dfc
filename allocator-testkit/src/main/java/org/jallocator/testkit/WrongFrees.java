package org.jallocator.testkit;

import static org.jallocator.testkit.Subject.hex;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.OwningAllocator;
import org.junit.jupiter.api.function.Executable;

/** Tries every form of free on what is no live block, and expects each to refuse, unchanged. */
final class WrongFrees {

  private final Subject subject;
  private final OwningAllocator allocator;

  WrongFrees(Subject subject) {
    this.subject = subject;
    this.allocator = (OwningAllocator) subject.allocator();
  }

  /** Tries an address in the allocator's memory, which is no live block for a certain reason. */
  void refused(long address, long size, Reason reason) {
    refused(address, size, EnumSet.of(reason));
  }

  /**
   * Tries the address of a block that was freed some time ago. Its memory may be gone by now, or be
   * cut in another way.
   */
  void refusedAsStale(long address) {
    refused(address, 1, EnumSet.of(Reason.DOUBLE_FREE, Reason.NOT_A_BLOCK));
  }

  private void refused(long address, long size, Set<Reason> reasons) {
    if (!allocator.owns(address)) {
      foreign(address);
      return;
    }
    expect(reasons, address, "free", () -> allocator.free(address));
    expect(reasons, address, "free sized", () -> allocator.free(address, size));
    expect(reasons, address, "tryFree", () -> allocator.tryFree(address));
    expect(reasons, address, "tryFree sized", () -> allocator.tryFree(address, size));
  }

  /** Tries an address that does not lie in the allocator's memory. */
  void foreign(long address) {
    AllocatorStats before = allocator.stats();
    assertFalse(allocator.owns(address), () -> "owns " + hex(address));
    assertFalse(allocator.tryFree(address), () -> "tryFree " + hex(address));
    for (long size : new long[] {1, 0, -1, Long.MAX_VALUE}) {
      assertFalse(
          allocator.tryFree(address, size), () -> "tryFree " + hex(address) + ", size=" + size);
    }
    assertEquals(before, allocator.stats(), "stats after foreign frees");
    Set<Reason> foreign = EnumSet.of(Reason.FOREIGN);
    expect(foreign, address, "free", () -> allocator.free(address));
    expect(foreign, address, "free sized", () -> allocator.free(address, 1));
  }

  /** {@return addresses that are most likely not the allocator's, close to its memory and far} */
  List<Long> foreignCandidates() {
    List<Long> addresses =
        new ArrayList<>(List.of(1L, 8L, 4096L, -1L, -8L, Long.MIN_VALUE, Long.MAX_VALUE));
    for (Model.Block block : subject.blocks()) {
      addresses.add(block.address() ^ Long.MIN_VALUE);
      addresses.add(block.address() ^ (1L << 32));
      addresses.add(-block.address());
    }
    RecordingAllocator ledger = subject.ledger();
    if (ledger != null) {
      for (Map.Entry<Long, Long> held : ledger.liveBlocks().entrySet()) {
        addresses.add(held.getKey() - 1);
        addresses.add(held.getKey() - held.getValue());
        addresses.add(held.getKey() + held.getValue());
      }
    }
    addresses.removeIf(address -> address == Allocator.NULL);
    return addresses;
  }

  /**
   * Tries addresses of {@link #foreignCandidates}, each only if it is foreign: by the ledger if
   * there is one, else as the allocator itself says.
   */
  void foreignUnlessHeld(List<Long> addresses) {
    RecordingAllocator ledger = subject.isExact() ? subject.ledger() : null;
    for (long address : addresses) {
      if (ledger == null ? !allocator.owns(address) : !ledger.holds(address, 1)) {
        foreign(address);
      }
    }
  }

  private void expect(Set<Reason> reasons, long address, String what, Executable free) {
    InvalidFreeException e =
        subject.refuses(InvalidFreeException.class, what + " " + hex(address), free);
    assertTrue(reasons.contains(e.reason()), () -> reasons + ": " + e.getMessage());
    assertEquals(address, e.address(), "address of the refusal");
    ContractFixture.assertShaped(e, "address=" + hex(address));
  }
}
