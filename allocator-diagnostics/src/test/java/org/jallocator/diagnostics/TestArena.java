package org.jallocator.diagnostics;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.Arena;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.spi.AllocatorErrors;
import org.jallocator.spi.StackRoom;

/**
 * An arena that takes each block from its inner. Confined to its owner thread, or to the next that
 * uses it after that has ended. Each call has its stack before it changes anything.
 */
final class TestArena implements Arena {

  private static final String NAME = "testarena";

  private record Mark(long token, long serial) {}

  private final Allocator inner;
  private Thread owner = Thread.currentThread();
  private final Map<Long, long[]> blocks = new LinkedHashMap<>();
  private final List<Mark> marks = new ArrayList<>();
  private long serial;
  private long tokens;
  private long mallocs;
  private long frees;
  private long bytes;
  private long peak;
  private boolean closed;

  TestArena(Allocator inner) {
    this.inner = inner;
  }

  private void requireOwner() {
    StackRoom.requireForInner();
    if (Thread.currentThread() != owner) {
      if (owner.isAlive()) {
        throw AllocatorErrors.wrongThread(NAME, owner);
      }
      owner = Thread.currentThread();
    }
  }

  private void requireUsable() {
    requireOwner();
    if (closed) {
      throw AllocatorErrors.closed(NAME);
    }
  }

  private long take(long address, long size) {
    if (address != NULL) {
      blocks.put(address, new long[] {size, ++serial});
      mallocs++;
      bytes += size;
      peak = Math.max(peak, bytes);
    }
    return address;
  }

  @Override
  public long malloc(long size) {
    requireUsable();
    return take(inner.malloc(size), size);
  }

  @Override
  public long tryMalloc(long size) {
    requireUsable();
    return take(inner.tryMalloc(size), size);
  }

  @Override
  public void free(long address) {
    requireUsable();
    if (address != NULL && !tryFree(address)) {
      throw new InvalidFreeException(Reason.FOREIGN, NAME, address);
    }
  }

  @Override
  public void free(long address, long size) {
    requireUsable();
    if (address != NULL && !tryFree(address, size)) {
      throw new InvalidFreeException(Reason.FOREIGN, NAME, address);
    }
  }

  @Override
  public boolean tryFree(long address, long size) {
    requireUsable();
    long[] block = blocks.get(address);
    if (block != null && block[0] != size) {
      throw new InvalidFreeException(NAME, address, size, block[0]);
    }
    return tryFree(address);
  }

  @Override
  public boolean tryFree(long address) {
    requireUsable();
    if (!blocks.containsKey(address)) {
      if (owns(address)) {
        throw new InvalidFreeException(Reason.NOT_A_BLOCK, NAME, address);
      }
      return false;
    }
    giveBack(address);
    return true;
  }

  /** A block that the inner threw at is in doubt, and is dropped. */
  private void giveBack(long address) {
    boolean kept = false;
    try {
      inner.free(address);
    } catch (IllegalStateException refused) {
      kept = true;
      throw refused;
    } finally {
      if (!kept) {
        bytes -= Objects.requireNonNull(blocks.remove(address))[0];
        frees++;
      }
    }
  }

  @Override
  public boolean owns(long address) {
    requireUsable();
    return blocks.entrySet().stream()
        .anyMatch(block -> Long.compareUnsigned(address - block.getKey(), block.getValue()[0]) < 0);
  }

  @Override
  public void freeAll() {
    requireUsable();
    marks.clear();
    freeSince(0);
  }

  private void freeSince(long since) {
    for (Map.Entry<Long, long[]> block : List.copyOf(blocks.entrySet())) {
      if (block.getValue()[1] > since) {
        giveBack(block.getKey());
      }
    }
  }

  @Override
  public long mark() {
    requireUsable();
    marks.add(new Mark(++tokens * 1_000_003, serial));
    return tokens * 1_000_003;
  }

  @Override
  public void release(long mark) {
    requireUsable();
    for (int i = 0; i < marks.size(); i++) {
      if (marks.get(i).token == mark) {
        long since = marks.get(i).serial;
        marks.subList(i, marks.size()).clear();
        freeSince(since);
        return;
      }
    }
    throw new IllegalStateException(NAME + ": mark is stale: mark=" + mark);
  }

  @Override
  public long maxSize() {
    return inner.maxSize();
  }

  @Override
  public long alignment() {
    return inner.alignment();
  }

  @Override
  public boolean isShared() {
    return false;
  }

  @Override
  public AllocatorStats stats() {
    return new AllocatorStats(blocks.size(), bytes, bytes, peak, mallocs, frees);
  }

  @Override
  public void close() {
    requireOwner();
    if (!blocks.isEmpty()) {
      throw new LeakException(NAME, blocks.size(), bytes);
    }
    closed = true;
  }

  @Override
  public void closeAndRelease() {
    requireOwner();
    long live = blocks.size();
    long leaked = bytes;
    freeSince(0);
    closed = true;
    if (live > 0) {
      throw new LeakException(NAME, live, leaked);
    }
  }
}
