package org.jallocator.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.Arena;
import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;
import org.jallocator.testkit.Model.Block;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.function.Executable;

/**
 * An allocator under test, driven in step with a model of it: the blocks that are live, by address.
 * Every operation checks what it changed, and that nothing else did.
 *
 * <p>Invariants, checked by {@link #check}: the live figures are those of the {@link Model}; and,
 * for a single layer on a recording inner, {@code reservedBytes}, its peak and the counts of inner
 * mallocs and frees are the ledger's.
 */
final class Subject {

  /** An open mark of an arena, and how many blocks were handed out before it. */
  record Mark(long token, long serial) {}

  /** Blocks of more than these bytes are not written to. */
  private static final long MAX_WRITTEN = 1 << 16;

  private final ContractFixture contract;
  private final Allocator allocator;
  private final @Nullable RecordingAllocator ledger;
  private final LayersBelow below;
  private final String label;
  private final boolean tracked;

  private final Model model = new Model();
  private final List<Mark> marks = new ArrayList<>();
  private long step;
  private boolean closed;

  Subject(
      ContractFixture contract,
      ContractFixture.Stack stack,
      @Nullable RecordingAllocator ledger,
      String label) {
    this.contract = contract;
    this.allocator = stack.root();
    this.ledger = ledger;
    this.below = stack.below();
    this.label = label;
    this.tracked = allocator.stats().isTracked();
  }

  Allocator allocator() {
    return allocator;
  }

  /** {@return the recording inner's ledger, or null if memory is real or there is no inner} */
  @Nullable RecordingAllocator ledger() {
    return contract.kind() == LayerKind.LEAF ? null : ledger;
  }

  /** {@return whether the stats must agree with the ledger} */
  boolean isExact() {
    return contract.kind() == LayerKind.LAYER && ledger != null;
  }

  boolean isTracked() {
    return tracked;
  }

  /** {@return the live blocks, oldest first} */
  List<Block> blocks() {
    return model.blocks();
  }

  /** {@return the addresses of the live blocks, in unsigned order} */
  List<Long> addresses() {
    return blocks().stream().map(Block::address).sorted(Long::compareUnsigned).toList();
  }

  /** Mallocs, and expects a block. */
  long malloc(long size) {
    AllocatorStats before = allocator.stats();
    return take(allocator.malloc(size), size, before);
  }

  /** Mallocs by tryMalloc, and expects a block. */
  long tryMalloc(long size) {
    AllocatorStats before = allocator.stats();
    return take(allocator.tryMalloc(size), size, before);
  }

  /** Mallocs, and expects a block or, if the inner has none, no memory. */
  long mallocIfMemory(long size, boolean byTry) {
    AllocatorStats before = allocator.stats();
    long failures = ledger == null ? 0 : ledger.failures() + ledger.freeFailures();
    long address;
    try {
      address = byTry ? allocator.tryMalloc(size) : allocator.malloc(size);
      assertTrue(byTry || address != Allocator.NULL, () -> "malloc returned NULL: size=" + size);
    } catch (OutOfMemoryError e) {
      assertFalse(byTry, () -> "tryMalloc threw: " + e);
      ContractFixture.assertShaped(e, "size=" + size);
      ContractFixture.assertNamesLayer(e);
      if (isExact()) {
        ContractFixture.assertShaped(e, "reserved=" + allocator.stats().reservedBytes());
      }
      address = Allocator.NULL;
    }
    if (address == Allocator.NULL) {
      RecordingAllocator recording = ledger();
      assertTrue(
          recording == null || recording.failures() + recording.freeFailures() > failures,
          () -> "no block although the inner had memory: size=" + size);
      assertLiveUnchanged(before);
      return address;
    }
    return take(address, size, before);
  }

  private long take(long address, long size, AllocatorStats before) {
    assertNotEquals(Allocator.NULL, address, () -> "NULL for size=" + size);
    assertEquals(
        0,
        address & (allocator.alignment() - 1),
        () -> "not aligned: address=" + hex(address) + ", size=" + size);
    long good = allocator.goodSize(size);
    assertTrue(good >= size, () -> "goodSize=" + good + " for size=" + size);
    long last = address + good - 1;
    assertTrue(Long.compareUnsigned(last, address) >= 0, () -> "wraps: " + hex(address));
    RecordingAllocator recording = ledger();
    assertTrue(
        recording == null || recording.holds(address, good),
        () -> "outside of inner memory: " + hex(address) + "+" + good);
    if (allocator instanceof OwningAllocator owning) {
      assertTrue(owning.owns(address), () -> "owns is false: " + hex(address));
      assertTrue(owning.owns(last), () -> "owns is false: " + hex(last));
    }
    Block block = model.add(address, size, good, lengthOf(good, before));
    contract.write(address, Math.min(good, MAX_WRITTEN), block.pattern());
    check();
    return address;
  }

  /**
   * {@return by how much a block of some size made the live bytes grow; 0 if its length is unknown}
   */
  private long lengthOf(long good, AllocatorStats before) {
    AllocatorStats after = allocator.stats();
    if (!after.isTracked() || after.unsizedBlocks() > before.unsizedBlocks()) {
      return 0;
    }
    long length = after.liveBytes() - before.liveBytes();
    assertTrue(length >= good, () -> "liveBytes grew by " + length + " for goodSize=" + good);
    return length;
  }

  /** Frees the block at an address. */
  void free(long address) {
    Block block = drop(address);
    allocator.free(block.address());
    check();
  }

  /** Frees the block at an address, telling its size. */
  void freeSized(long address) {
    Block block = drop(address);
    allocator.free(block.address(), block.size());
    check();
  }

  /** Frees the block at an address by tryFree. */
  void tryFree(long address) {
    Block block = drop(address);
    assertTrue(((OwningAllocator) allocator).tryFree(block.address()), "tryFree is false");
    check();
  }

  /** Frees the block at an address by tryFree, telling its size. */
  void tryFreeSized(long address) {
    Block block = drop(address);
    assertTrue(
        ((OwningAllocator) allocator).tryFree(block.address(), block.size()), "tryFree is false");
    check();
  }

  /** Forgets a block that is about to be freed. */
  Block drop(long address) {
    Block block = model.remove(address);
    assertTrue(
        contract.verify(address, Math.min(block.good(), MAX_WRITTEN), block.pattern()),
        () -> "memory was overwritten: " + block);
    return block;
  }

  /**
   * Frees the block at an address; the inner may throw. Then the block is in doubt, but after an
   * IllegalStateException it is what it was.
   */
  void freeUnlessThrown(long address, boolean sized) {
    Block block = drop(address);
    try {
      if (sized) {
        allocator.free(block.address(), block.size());
      } else {
        allocator.free(block.address());
      }
    } catch (IllegalStateException refused) {
      model.restore(block);
      throw refused;
    } catch (RuntimeException | Error e) {
      model.doubt(block);
      throw e;
    }
  }

  /** Frees the block at an address with another size that its block has room for. */
  void freeSized(long address, long size) {
    Block block = drop(address);
    allocator.free(block.address(), size);
    check();
  }

  /** Trims; {@return the bytes that went back, by the ledger too} */
  long trim() {
    AllocatorStats before = allocator.stats();
    RecordingAllocator recording = ledger();
    long held = recording == null ? 0 : recording.liveBytes();
    long bytes = allocator.trim();
    assertTrue(bytes >= 0, () -> "trim: bytes=" + bytes);
    if (recording != null && isExact()) {
      assertEquals(held - recording.liveBytes(), bytes, "bytes of trim");
    }
    assertEquals(before.liveBlocks(), allocator.stats().liveBlocks(), "liveBlocks after trim");
    for (Block block : blocks()) {
      assertTrue(
          recording == null || recording.holds(block.address(), block.good()),
          () -> "trim gave back live memory: " + block);
    }
    check();
    return bytes;
  }

  /** {@return how many blocks are in doubt} */
  long doubtful() {
    return model.doubtful();
  }

  /** {@return addresses of blocks freed lately, which may be live again} */
  List<Long> freed() {
    return model.freed();
  }

  /** {@return the open marks of an arena, oldest first} */
  List<Mark> marks() {
    return marks;
  }

  /** Opens a scope of an arena. */
  Mark mark() {
    Mark mark = new Mark(((Arena) allocator).mark(), model.handedOut());
    marks.add(mark);
    check();
    return mark;
  }

  /** Ends a scope of an arena, and all younger ones. */
  void release(Mark mark) {
    marks.subList(marks.indexOf(mark), marks.size()).clear();
    dropYoungerThan(mark.serial);
    ((Arena) allocator).release(mark.token);
    check();
  }

  /** Frees all blocks of an arena. */
  void freeAll() {
    marks.clear();
    dropYoungerThan(0);
    ((Arena) allocator).freeAll();
    check();
  }

  /** Frees all blocks of an arena; if the inner throws, they are in doubt. */
  void freeAllUnlessThrown() {
    marks.clear();
    endScope(dropYoungerThan(0), ((Arena) allocator)::freeAll);
  }

  /** Ends the youngest scope of an arena, if there is one; the inner may throw. */
  void releaseUnlessThrown() {
    if (!marks.isEmpty()) {
      Mark mark = marks.remove(marks.size() - 1);
      endScope(dropYoungerThan(mark.serial), () -> ((Arena) allocator).release(mark.token));
    }
  }

  private void endScope(List<Block> dropped, Runnable end) {
    try {
      end.run();
    } catch (RuntimeException | Error e) {
      dropped.forEach(model::doubt);
      throw e;
    }
  }

  private List<Block> dropYoungerThan(long serial) {
    List<Block> young = blocks().stream().filter(block -> block.serial() >= serial).toList();
    young.forEach(block -> drop(block.address()));
    return young;
  }

  /** Frees every live block, youngest first. */
  void freeEverything() {
    while (!blocks().isEmpty()) {
      free(blocks().get(blocks().size() - 1).address());
    }
  }

  boolean isLive(long address) {
    return model.at(address) != null;
  }

  /** {@return the bytes that the live block at an address is known to occupy} */
  long occupied(long address) {
    Block block = model.at(address);
    return block == null ? 0 : Math.max(block.size(), block.length());
  }

  /** Expects an error, and that the state is what it was. */
  <T extends Throwable> T refuses(Class<T> type, String what, Executable operation) {
    AllocatorStats before = allocator.stats();
    T error = assertThrows(type, operation, () -> what);
    assertEquals(before, allocator.stats(), () -> "stats after " + what);
    check();
    return error;
  }

  /** Expects that what is live and what is reserved is what it was. */
  void assertUnchanged(AllocatorStats before) {
    assertEquals(
        before.reservedBytes(), allocator.stats().reservedBytes(), "reservedBytes changed");
    assertLiveUnchanged(before);
  }

  /**
   * Expects that what is live is what it was. Without memory an allocator may give back what it
   * kept for reuse, and ask once more.
   */
  private void assertLiveUnchanged(AllocatorStats before) {
    AllocatorStats after = allocator.stats();
    assertEquals(before.liveBlocks(), after.liveBlocks(), "liveBlocks changed");
    assertEquals(before.liveBytes(), after.liveBytes(), "liveBytes changed");
    assertTrue(after.reservedBytes() <= before.reservedBytes(), "reservedBytes grew");
    check();
  }

  /** Checks every invariant of the stats. */
  void check() {
    AllocatorStats stats = allocator.stats();
    checkButPeak(stats);
    RecordingAllocator recording = ledger();
    if (recording != null && isExact()) {
      assertEquals(recording.peakBytes(), stats.peakReservedBytes(), "peakReservedBytes");
    }
  }

  /**
   * As {@link #check}, after several threads have mallocked and freed at once: the peak need not
   * count what was on its way to or from the inner then.
   */
  void checkAfterRace() {
    AllocatorStats stats = allocator.stats();
    checkButPeak(stats);
    RecordingAllocator recording = ledger();
    if (recording != null && isExact()) {
      assertTrue(stats.peakReservedBytes() <= recording.peakBytes(), () -> "peak: " + stats);
      assertTrue(stats.peakReservedBytes() >= stats.reservedBytes(), () -> "peak: " + stats);
    }
  }

  private void checkButPeak(AllocatorStats stats) {
    if (tracked) {
      model.check(stats);
    }
    RecordingAllocator recording = ledger();
    if (recording != null) {
      assertTrue(recording.wrongFrees().isEmpty(), () -> "" + recording.wrongFrees());
    }
    if (recording != null && isExact()) {
      assertEquals(recording.liveBytes(), stats.reservedBytes(), "reservedBytes");
      assertEquals(recording.mallocs(), stats.innerMallocs(), "innerMallocs");
      long failed = recording.freeFailures(); // a page that the inner threw at may count or not
      assertTrue(
          Math.abs(stats.innerFrees() - recording.frees()) <= failed,
          () -> "innerFrees: expected=" + recording.frees() + ", " + stats);
      assertTrue(stats.reservedBytes() >= stats.liveBytes(), () -> "reserved < live: " + stats);
    }
  }

  /** Closes the allocator and what is below it; everything must have been returned. */
  void close() {
    allocator.close();
    closed = true;
    below.close(ledger(), RecordingAllocator::assertEverythingReturned);
  }

  /** Frees what is live and closes, unless it is closed. */
  void closeEmpty() {
    if (!closed) {
      freeEverything();
      close();
    }
  }

  /**
   * Closes and releases the allocator and what is below it; everything must have been returned, but
   * what the layers passed straight on to the inner.
   */
  void closeAndRelease() {
    long live = blocks().size();
    closed = true;
    try {
      allocator.closeAndRelease();
      assertTrue(!tracked || live == 0, () -> "closeAndRelease is silent about blocks=" + live);
    } catch (LeakException e) {
      long most = live + model.doubtful();
      assertTrue(
          e.liveBlocks() >= live && e.liveBlocks() <= most,
          () -> "expected=" + live + " to " + most + ": " + e.getMessage());
    }
    assertThrows(
        IllegalStateException.class, () -> allocator.malloc(1), "malloc after closeAndRelease");
    below.closeAndRelease(ledger(), this::assertReleased);
  }

  private void assertReleased(RecordingAllocator recording) {
    if (contract.kind() == LayerKind.STACK) {
      recording.liveBlocks().keySet().stream()
          .filter(this::isLive)
          .forEach(recording::free); // passed straight on: no other layer keeps books of it
    }
    recording.assertEverythingReturned();
  }

  /** Closes the allocator and what is below it, whatever they say: no test depends on it. */
  void abandon() {
    closed = true;
    new LayersBelow(List.of(allocator)).abandon();
    below.abandon();
  }

  /**
   * Closes after the inner threw at frees: blocks in doubt may be leaks, and what is below may hold
   * pages that it was not given back. All must have been returned that the inner did not throw at.
   */
  void closeThoughInDoubt() {
    freeEverything();
    try {
      allocator.close();
    } catch (LeakException e) {
      assertTrue(e.liveBlocks() <= model.doubtful(), e::getMessage);
      closeAndRelease();
      return;
    }
    closed = true;
    below.closeAndRelease(ledger(), this::assertReleased);
  }

  /** Runs a step of a program; whatever it throws names the label and the step. */
  void step(Runnable operation) {
    step++;
    try {
      operation.run();
    } catch (RuntimeException | Error e) {
      throw new AssertionError("[" + label + ", step=" + step + "] " + e, e);
    }
  }

  static String hex(long address) {
    return "0x" + Long.toHexString(address);
  }
}
