package org.jallocator.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.Arena;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.spi.AllocatorErrors;
import org.jspecify.annotations.Nullable;

/**
 * A reference arena for the tests of the contract: chunks, a pointer that moves back to the end of
 * the highest live block, maps for books; and the place to plant bugs.
 */
final class NaiveArena implements Arena {

  private static final String NAME = "naive-arena";
  private static final long ALIGNMENT = 16;
  private static final long CHUNK_SIZE = 4096;

  private record Block(long length, long serial) {}

  private record Mark(long token, long serial, long bump) {}

  private final Allocator inner;
  private final Bug bug;
  private Thread owner = Thread.currentThread();

  private final NavigableMap<Long, Long> chunks = new TreeMap<>(Long::compareUnsigned);
  private final NavigableMap<Long, Block> live = new TreeMap<>(Long::compareUnsigned);
  private final NavigableSet<Long> freed = new TreeSet<>(Long::compareUnsigned);
  private final List<Mark> marks = new ArrayList<>();
  private long chunk;
  private long chunkSize;
  private long bump;
  private long serial;
  private long tokens = 0x5eed;
  private long liveBytes;
  private long reserved;
  private long peak;
  private long innerMallocs;
  private long innerFrees;
  private long miscount;
  private boolean closed;

  NaiveArena(Allocator inner, Bug bug) {
    this.inner = inner;
    this.bug = bug;
  }

  private boolean has(Bug planted) {
    return bug == planted;
  }

  @Override
  public long malloc(long size) {
    requireUsable();
    if (size > maxSize()) {
      throw AllocatorErrors.sizeTooLarge(NAME, size, "maxSize", maxSize());
    }
    long address = tryMalloc(size);
    if (address == NULL) {
      throw AllocatorErrors.outOfMemory(NAME, size, reserved, null);
    }
    return address;
  }

  @Override
  public long tryMalloc(long size) {
    requireUsable();
    if (size < 1) {
      throw AllocatorErrors.sizeTooSmall(NAME, size);
    }
    if (size > maxSize()) {
      return NULL;
    }
    long rounded = (size + ALIGNMENT - 1) & -ALIGNMENT;
    long length = rounded < size ? size : Math.min(rounded, maxSize());
    if (!hasRoom(length) && !addChunk(length)) {
      return NULL;
    }
    long address = bump;
    bump += length;
    live.put(address, new Block(length, serial++));
    liveBytes += length;
    freed.subSet(address, bump).clear();
    return address;
  }

  private boolean hasRoom(long length) {
    return length <= chunk + chunkSize - bump;
  }

  private boolean addChunk(long length) {
    long size = Math.min(inner.maxSize(), Math.max(length, CHUNK_SIZE));
    long address;
    try {
      address = inner.tryMalloc(size);
    } catch (OutOfMemoryError e) {
      return false;
    }
    if (address == NULL) {
      return false;
    }
    chunks.put(address, size);
    innerMallocs++;
    reserved += size;
    peak = Math.max(peak, reserved);
    chunk = address;
    chunkSize = size;
    bump = address;
    return true;
  }

  @Override
  public void free(long address) {
    if (!tryFree(address) && address != NULL) {
      throw new InvalidFreeException(Reason.FOREIGN, NAME, address);
    }
  }

  @Override
  public void free(long address, long size) {
    requireUsable();
    Block block = live.get(address);
    if (block != null && (size < 1 || size > block.length)) {
      throw new InvalidFreeException(NAME, address, size, block.length);
    }
    free(address);
  }

  @Override
  public boolean tryFree(long address) {
    if (!owns(address)) {
      return false;
    }
    if (!live.containsKey(address)) {
      Reason reason = freed.contains(address) ? Reason.DOUBLE_FREE : Reason.NOT_A_BLOCK;
      throw new InvalidFreeException(reason, NAME, address);
    }
    drop(address);
    moveBack();
    return true;
  }

  private void drop(long address) {
    liveBytes -= Objects.requireNonNull(live.remove(address)).length;
    freed.add(address);
  }

  private void moveBack() {
    Map.Entry<Long, Block> highest = chunk == NULL ? null : live.floorEntry(bump - 1);
    bump =
        highest == null || Long.compareUnsigned(highest.getKey(), chunk) < 0
            ? chunk
            : highest.getKey() + highest.getValue().length;
  }

  @Override
  public boolean owns(long address) {
    requireUsable();
    Map.Entry<Long, Long> below = chunks.floorEntry(address);
    return below != null && Long.compareUnsigned(address - below.getKey(), below.getValue()) < 0;
  }

  @Override
  public void freeAll() {
    if (!has(Bug.LETS_OTHER_THREADS_FREE_ALL)) {
      requireUsable();
    }
    if (live.isEmpty() && has(Bug.FREE_ALL_OF_NOTHING_THROWS)) {
      throw new IllegalStateException("naive-arena: nothing to free");
    }
    long kept = has(Bug.FREE_ALL_KEEPS_A_BLOCK) ? 1 : 0;
    dropYoungerThan(kept);
    if (!has(Bug.ACCEPTS_STALE_MARKS)) {
      marks.clear();
    }
    if (live.isEmpty()) {
      giveChunksBack();
    }
  }

  private void dropYoungerThan(long serial) {
    for (Map.Entry<Long, Block> entry : List.copyOf(live.entrySet())) {
      if (entry.getValue().serial >= serial) {
        drop(entry.getKey());
      }
    }
    moveBack();
  }

  private void giveChunksBack() {
    chunk = NULL;
    chunkSize = 0;
    bump = NULL;
    Throwable first = null;
    for (Map.Entry<Long, Long> held : List.copyOf(chunks.entrySet())) {
      Throwable thrown = give(held.getKey(), held.getValue());
      if (first == null) {
        first = thrown;
      } else if (thrown != null && thrown != first) {
        first.addSuppressed(thrown);
      }
      if (thrown != null && has(Bug.FORGETS_THE_OTHER_CHUNKS_IF_ONE_FAILS)) {
        chunks.clear();
      }
    }
    NaivePageSource.rethrow(first);
  }

  private @Nullable Throwable give(long address, long size) {
    Throwable thrown = null;
    try {
      inner.free(address, size);
    } catch (IllegalStateException refused) {
      return refused;
    } catch (RuntimeException | Error e) {
      thrown = e;
    }
    innerFrees++;
    reserved -= size;
    chunks.remove(address);
    return thrown;
  }

  @Override
  public long trim() {
    requireUsable();
    long before = reserved;
    if (live.isEmpty()) {
      giveChunksBack();
    }
    return before - reserved;
  }

  @Override
  public long mark() {
    if (!has(Bug.MARKS_AFTER_CLOSE)) {
      requireUsable();
    }
    long token = has(Bug.MARKS_ARE_DEPTHS) ? 100 + marks.size() : tokens++;
    marks.add(new Mark(token, serial, bump));
    return token;
  }

  @Override
  public void release(long token) {
    requireUsable();
    int index = marks.size() - 1;
    while (index >= 0 && marks.get(index).token != token) {
      index--;
    }
    if (index < 0) {
      if (has(Bug.ACCEPTS_ANY_MARK)) {
        return;
      }
      throw new IllegalStateException("naive-arena: mark is stale: mark=" + token);
    }
    Mark mark = marks.get(index);
    boolean deep = marks.size() >= 4 && has(Bug.RELEASE_SPARES_SOME_IN_DEEP_NESTS);
    endMarks(index);
    if (has(Bug.RELEASE_FREES_TWICE_WHAT_WAS_FREED)) {
      miscount += live.values().stream().filter(block -> block.serial >= mark.serial).count();
      miscount -= serial - mark.serial;
    }
    if (has(Bug.RELEASE_GOES_BY_ADDRESS) && mark.bump != NULL) {
      List.copyOf(live.tailMap(mark.bump).keySet()).forEach(this::drop);
      moveBack();
    } else if (has(Bug.RELEASE_FREES_ONE_TOO_MANY)) {
      dropYoungerThan(mark.serial - 1);
    } else if (deep || has(Bug.RELEASE_FREES_ONE_TOO_FEW)) {
      dropYoungerThan(mark.serial + 1);
    } else {
      dropYoungerThan(mark.serial);
    }
  }

  private void endMarks(int index) {
    if (has(Bug.KEEPS_YOUNGER_MARKS)) {
      marks.remove(index);
    } else {
      int kept = has(Bug.ACCEPTS_A_MARK_TWICE) ? index + 1 : index;
      marks.subList(kept, marks.size()).clear();
    }
  }

  private void requireOwner() {
    if (!owner.isAlive()) {
      owner = Thread.currentThread();
    }
    if (Thread.currentThread() != owner) {
      throw AllocatorErrors.wrongThread(NAME, owner);
    }
  }

  private void requireUsable() {
    requireOwner();
    if (closed) {
      throw AllocatorErrors.closed(NAME);
    }
  }

  @Override
  public long maxSize() {
    return inner.maxSize();
  }

  @Override
  public long alignment() {
    return ALIGNMENT;
  }

  @Override
  public boolean isShared() {
    return false;
  }

  @Override
  public AllocatorStats stats() {
    return new AllocatorStats(
        live.size() + miscount, liveBytes, reserved, peak, innerMallocs, innerFrees);
  }

  @Override
  public long[] liveAddresses(int limit) {
    requireOwner();
    return live.keySet().stream().limit(limit).mapToLong(Long::longValue).toArray();
  }

  @Override
  public void closeAndRelease() {
    requireOwner();
    LeakException leak = live.isEmpty() ? null : leak();
    if (!closed) {
      dropYoungerThan(0);
      close();
    }
    if (leak != null) {
      throw leak;
    }
  }

  private LeakException leak() {
    return new LeakException(
        NAME, live.size(), liveBytes, liveAddresses(LeakException.MAX_ADDRESSES));
  }

  @Override
  public void close() {
    requireOwner();
    if (closed) {
      return;
    }
    if (!live.isEmpty() || (!marks.isEmpty() && has(Bug.AN_OPEN_MARK_IS_A_LEAK))) {
      throw leak();
    }
    closed = true;
    try {
      giveChunksBack();
    } finally {
      closed = chunks.isEmpty();
    }
  }
}
