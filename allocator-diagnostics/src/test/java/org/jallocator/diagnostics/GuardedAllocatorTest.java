package org.jallocator.diagnostics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Test;

/** What guarded finds, over invented memory. */
final class GuardedAllocatorTest {

  private final RecordingAllocator inner = RecordingAllocator.create();
  private final FakeMemory memory = new FakeMemory();

  private GuardedAllocator guarded(long quarantine) {
    return GuardedAllocator.builder(new Plain(inner)).access(memory).quarantine(quarantine).build();
  }

  @Test
  void aByteBehindTheBlockIsAnOverrunAndASecondFreeSucceeds() {
    GuardedAllocator guarded = guarded(0);
    long address = guarded.malloc(40);
    memory.put(address + 40, 0x55 ^ memory.get(address + 40));
    InvalidFreeException e = assertThrows(InvalidFreeException.class, () -> guarded.free(address));
    assertEquals(Reason.OVERRUN, e.reason());
    assertTrue(String.valueOf(e.getMessage()).contains("offset=40, bytes=1"), e.getMessage());
    guarded.free(address);
    guarded.close();
    inner.assertEverythingReturned();
  }

  @Test
  void aByteBeforeTheBlockIsAnUnderrun() {
    GuardedAllocator guarded = guarded(0);
    long address = guarded.malloc(40);
    memory.put(address - 1, 0x55 ^ memory.get(address - 1));
    InvalidFreeException e = assertThrows(InvalidFreeException.class, () -> guarded.free(address));
    assertEquals(Reason.UNDERRUN, e.reason());
    assertTrue(String.valueOf(e.getMessage()).contains("offset=-1, bytes=1"), e.getMessage());
    guarded.free(address);
    guarded.close();
  }

  @Test
  void aWriteAfterFreeIsFoundWhenTheBlockLeavesTheQuarantine() {
    GuardedAllocator guarded = guarded(100);
    long first = guarded.malloc(40);
    long second = guarded.malloc(40);
    guarded.free(first);
    memory.put(first + 7, 1);
    InvalidFreeException e = assertThrows(InvalidFreeException.class, () -> guarded.free(second));
    assertEquals(Reason.USE_AFTER_FREE, e.reason());
    assertEquals(first, e.address());
    assertTrue(String.valueOf(e.getMessage()).contains("offset=7, bytes=1"), e.getMessage());
    guarded.free(second);
    guarded.close();
    inner.assertEverythingReturned();
  }

  @Test
  void closeTellsAllFindingsInOneExceptionAndIsClosed() {
    GuardedAllocator guarded = guarded(1000);
    long first = guarded.malloc(40);
    long second = guarded.malloc(40);
    guarded.free(first);
    guarded.free(second);
    memory.put(first, 1);
    memory.put(second + 39, 1);
    IllegalStateException checked = assertThrows(IllegalStateException.class, guarded::check);
    assertTrue(String.valueOf(checked.getMessage()).contains("findings=2"), checked.getMessage());
    IllegalStateException e = assertThrows(IllegalStateException.class, guarded::close);
    assertTrue(String.valueOf(e.getMessage()).contains("findings=2"), e.getMessage());
    guarded.close();
    inner.assertEverythingReturned();
  }

  @Test
  void trackedOutsideAndInsideNamesTheSiteOfAnOverrun() {
    TrackedAllocator outside = TrackedAllocator.create(guarded(0));
    long address = outside.malloc(24);
    memory.put(address + 24, ~memory.get(address + 24));
    InvalidFreeException e = assertThrows(InvalidFreeException.class, () -> outside.free(address));
    assertEquals(Reason.OVERRUN, e.reason());
    assertTrue(String.valueOf(e.getMessage()).contains("allocated by thread"), e.getMessage());
    outside.free(address);

    GuardedAllocator over =
        GuardedAllocator.builder(TrackedAllocator.create(new Plain(inner))).access(memory).build();
    long other = over.malloc(24);
    memory.put(other + 24, ~memory.get(other + 24));
    e = assertThrows(InvalidFreeException.class, () -> over.free(other));
    assertTrue(String.valueOf(e.getMessage()).contains("allocated by thread"), e.getMessage());
    over.free(other);
  }

  @Test
  void withPagesTheFirstByteBehindAndEveryByteAfterFreeFaults() {
    GuardedAllocator guarded =
        GuardedAllocator.builder(new Plain(inner)).access(memory).pages(true).build();
    long address = guarded.malloc(64);
    memory.put(address + 63, 1);
    assertEquals(
        address + 64,
        assertThrows(FakeMemory.Fault.class, () -> memory.put(address + 64, 1)).address);
    guarded.free(address);
    assertThrows(FakeMemory.Fault.class, () -> memory.get(address));
    guarded.close();
    assertEquals(0, memory.mappings());
  }
}
