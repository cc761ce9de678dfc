package org.jallocator.testkit;

import static org.jallocator.AllocatorStats.UNTRACKED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.Arena;
import org.jallocator.OwningAllocator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.function.Executable;

/**
 * An allocator under test, driven in step with a model of it: the blocks that are live, by address.
 * Every operation checks what it changed, and that nothing else did.
 *
 * <p>Invariants, checked by {@link #check}: {@code liveBlocks} is the model's; {@code liveBytes} is
 * the sum of the lengths seen when the blocks were handed out, each at least the size asked for;
 * and, for a single layer on a recording inner, {@code reservedBytes}, its peak and the counts of
 * inner mallocs and frees are the ledger's.
 */
final class Subject {

  /**
   * A live block.
   *
   * @param size the bytes asked for
   * @param length the bytes that the stats count for it, or UNTRACKED
   * @param serial how many blocks were handed out before it
   */
  record Block(long address, long size, long length, long serial) {

    /** {@return what is written to it} */
    byte pattern() {
      return (byte) (serial + 1);
    }

    @Override
    public String toString() {
      return "block " + serial + " at " + hex(address) + "+" + size;
    }
  }

  /** An open mark of an arena, and how many blocks were handed out before it. */
  record Mark(long token, long serial) {}

  /** Blocks of more than these bytes are not written to. */
  private static final long MAX_WRITTEN = 1 << 16;

  /** How many freed addresses are remembered. */
  private static final int MAX_FREED = 32;

  private final ContractFixture contract;
  private final Allocator allocator;
  private final @Nullable RecordingAllocator ledger;
  private final List<AutoCloseable> below;
  private final String label;
  private final boolean tracked;

  private final TreeMap<Long, Block> byAddress = new TreeMap<>(Long::compareUnsigned);
  private final List<Block> blocks = new ArrayList<>();
  private final List<Mark> marks = new ArrayList<>();
  private final ArrayDeque<Long> freed = new ArrayDeque<>();
  private long liveSize;
  private long liveLength;
  private long lengthless;
  private long handedOut;
  private long step;
  private boolean closed;

  Subject(
      ContractFixture contract,
      Allocator allocator,
      @Nullable RecordingAllocator ledger,
      List<AutoCloseable> below,
      String label) {
    this.contract = contract;
    this.allocator = allocator;
    this.ledger = ledger;
    this.below = below;
    this.label = label;
    this.tracked = allocator.stats().isTracked();
  }

  Allocator allocator() {
    return allocator;
  }

  /** {@return the recording inner's ledger, or null where memory is real or there is no inner} */
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
    return blocks;
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

  /** Mallocs, and expects a block or, where the inner has none, no memory. */
  long mallocIfMemory(long size, boolean byTry) {
    AllocatorStats before = allocator.stats();
    long failures = ledger == null ? 0 : ledger.failures();
    long address;
    try {
      address = byTry ? allocator.tryMalloc(size) : allocator.malloc(size);
      assertTrue(byTry || address != Allocator.NULL, () -> "malloc returned NULL: size=" + size);
    } catch (OutOfMemoryError e) {
      assertFalse(byTry, () -> "tryMalloc threw: " + e);
      ContractFixture.assertShaped(e, "size=" + size);
      ContractFixture.assertNamesLayer(e);
      if (isExact()) {
        ContractFixture.assertShaped(e, "reserved=" + before.reservedBytes());
      }
      address = Allocator.NULL;
    }
    if (address == Allocator.NULL) {
      RecordingAllocator recording = ledger();
      assertTrue(
          recording == null || recording.failures() > failures,
          () -> "no block although the inner had memory: size=" + size);
      assertUnchanged(before);
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
    long last = address + size - 1;
    assertTrue(Long.compareUnsigned(last, address) >= 0, () -> "wraps: " + hex(address));
    Map.Entry<Long, Block> below = byAddress.floorEntry(last);
    assertTrue(
        below == null
            || Long.compareUnsigned(below.getKey() + below.getValue().size - 1, address) < 0,
        () -> "overlap: " + hex(address) + "+" + size + " with " + below.getValue());
    RecordingAllocator recording = ledger();
    assertTrue(
        recording == null || recording.holds(address, size),
        () -> "outside of inner memory: " + hex(address) + "+" + size);
    if (allocator instanceof OwningAllocator owning) {
      assertTrue(owning.owns(address), () -> "owns is false: " + hex(address));
      assertTrue(owning.owns(last), () -> "owns is false: " + hex(last));
    }
    Block block = new Block(address, size, lengthOf(size, before), handedOut++);
    byAddress.put(address, block);
    blocks.add(block);
    count(block, 1);
    contract.write(address, Math.min(size, MAX_WRITTEN), block.pattern());
    check();
    return address;
  }

  /** {@return by how much a block of some size made the live bytes grow, or UNTRACKED} */
  private long lengthOf(long size, AllocatorStats before) {
    AllocatorStats after = allocator.stats();
    if (before.liveBytes() == UNTRACKED || after.liveBytes() == UNTRACKED) {
      return UNTRACKED;
    }
    long length = after.liveBytes() - before.liveBytes();
    assertTrue(length >= size, () -> "liveBytes grew by " + length + " for size=" + size);
    return length;
  }

  private void count(Block block, int sign) {
    liveSize += sign * block.size;
    if (block.length == UNTRACKED) {
      lengthless += sign;
    } else {
      liveLength += sign * block.length;
    }
  }

  /** Frees the block at an address. */
  void free(long address) {
    Block block = drop(address);
    allocator.free(block.address);
    check();
  }

  /** Frees the block at an address, telling its size. */
  void freeSized(long address) {
    Block block = drop(address);
    allocator.free(block.address, block.size);
    check();
  }

  /** Frees the block at an address by tryFree. */
  void tryFree(long address) {
    Block block = drop(address);
    assertTrue(((OwningAllocator) allocator).tryFree(block.address), "tryFree is false");
    check();
  }

  /** Frees the block at an address by tryFree, telling its size. */
  void tryFreeSized(long address) {
    Block block = drop(address);
    assertTrue(
        ((OwningAllocator) allocator).tryFree(block.address, block.size), "tryFree is false");
    check();
  }

  /** Forgets a block that is about to be freed. */
  Block drop(long address) {
    Block block = byAddress.remove(address);
    if (block == null) {
      throw new IllegalArgumentException("no live block in the model: " + hex(address));
    }
    blocks.remove(block);
    count(block, -1);
    freed.addLast(address);
    if (freed.size() > MAX_FREED) {
      freed.removeFirst();
    }
    assertTrue(
        contract.verify(address, Math.min(block.size, MAX_WRITTEN), block.pattern()),
        () -> "memory was overwritten: " + block);
    return block;
  }

  /** {@return addresses of blocks freed lately, which may be live again} */
  List<Long> freed() {
    return List.copyOf(freed);
  }

  /** {@return the open marks of an arena, oldest first} */
  List<Mark> marks() {
    return marks;
  }

  /** Opens a scope of an arena. */
  Mark mark() {
    Mark mark = new Mark(((Arena) allocator).mark(), handedOut);
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

  private void dropYoungerThan(long serial) {
    for (Block block : List.copyOf(blocks)) {
      if (block.serial >= serial) {
        drop(block.address);
      }
    }
  }

  /** Frees every live block, youngest first. */
  void freeEverything() {
    while (!blocks.isEmpty()) {
      free(blocks.get(blocks.size() - 1).address);
    }
  }

  boolean isLive(long address) {
    return byAddress.containsKey(address);
  }

  /** {@return the bytes that the live block at an address is known to occupy} */
  long occupied(long address) {
    Block block = byAddress.get(address);
    return block == null ? 0 : Math.max(block.size, block.length);
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
    AllocatorStats after = allocator.stats();
    assertEquals(before.liveBlocks(), after.liveBlocks(), "liveBlocks changed");
    assertEquals(before.liveBytes(), after.liveBytes(), "liveBytes changed");
    assertEquals(before.reservedBytes(), after.reservedBytes(), "reservedBytes changed");
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
   * As {@link #check}, after several threads have mallocked and freed at once: what was on its way
   * to or from the inner then, the peak need not know.
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
      assertEquals(blocks.size(), stats.liveBlocks(), () -> "liveBlocks: " + stats);
    }
    if (stats.liveBytes() != UNTRACKED) {
      assertTrue(stats.liveBytes() >= liveSize, () -> "liveBytes < " + liveSize + ": " + stats);
      assertTrue(
          lengthless > 0 || stats.liveBytes() == liveLength,
          () -> "liveBytes != " + liveLength + ": " + stats);
    }
    RecordingAllocator recording = ledger();
    if (recording != null) {
      assertTrue(recording.wrongFrees().isEmpty(), () -> "" + recording.wrongFrees());
    }
    if (recording != null && isExact()) {
      assertEquals(recording.liveBytes(), stats.reservedBytes(), "reservedBytes");
      assertEquals(recording.mallocs(), stats.innerMallocs(), "innerMallocs");
      assertEquals(recording.frees(), stats.innerFrees(), "innerFrees");
      assertTrue(stats.reservedBytes() >= stats.liveBytes(), () -> "reserved < live: " + stats);
    }
  }

  /** Closes the allocator and what is below it; everything must have been returned. */
  void close() {
    allocator.close();
    closed = true;
    RecordingAllocator recording = ledger();
    for (AutoCloseable layer : below) {
      if (layer == recording) {
        recording.assertEverythingReturned();
      }
      try {
        layer.close();
      } catch (Exception e) {
        throw new AssertionError("a layer below does not close", e);
      }
    }
  }

  /** Frees what is live and closes, unless it is closed. */
  void closeEmpty() {
    if (!closed) {
      freeEverything();
      close();
    }
  }

  /** Runs a step of a program; whatever it throws tells the label and the step. */
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
