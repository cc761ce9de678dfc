package org.jallocator.stack;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;
import org.jspecify.annotations.Nullable;

/**
 * A layer over invented addresses that writes down when it is closed. One with an inner layer takes
 * a page of it at the first malloc and gives it back at close, as the real ones do.
 */
class FakeAllocator implements Allocator {

  private static final long PAGE = 4096;

  private final String name;
  private final List<String> events;
  private final List<Allocator> inners;
  private final Map<Long, Long> live = new TreeMap<>();
  private final boolean shared;
  private long next = 0x1000;
  private long page = NULL;
  private boolean closed;
  private @Nullable RuntimeException failure;
  private @Nullable Throwable failureBefore;
  private @Nullable RuntimeException refusal;

  FakeAllocator(String name, List<String> events, boolean shared, List<Allocator> inners) {
    this.name = name;
    this.events = events;
    this.shared = shared;
    this.inners = inners;
  }

  /** Makes the next close give everything back and then throw. */
  void failOnClose(RuntimeException failure) {
    this.failure = failure;
  }

  /** Makes the next close throw before it does anything. */
  void failBeforeClose(Throwable failure) {
    this.failureBefore = failure;
  }

  /** Makes the next free throw, which then took nothing. */
  void refuseFree(RuntimeException refusal) {
    this.refusal = refusal;
  }

  boolean isClosed() {
    return closed;
  }

  @Override
  public long malloc(long size) {
    if (!inners.isEmpty() && page == NULL) {
      page = inners.get(0).malloc(PAGE);
    }
    long address = next;
    next += size;
    live.put(address, size);
    return address;
  }

  @Override
  public long tryMalloc(long size) {
    return malloc(size);
  }

  @Override
  public void free(long address) {
    RuntimeException refused = refusal;
    refusal = null;
    if (refused != null) {
      throw refused;
    }
    if (closed || live.remove(address) == null) {
      throw new InvalidFreeException(InvalidFreeException.Reason.FOREIGN, name, address);
    }
  }

  @Override
  public void free(long address, long size) {
    free(address);
  }

  @Override
  public long maxSize() {
    return Long.MAX_VALUE;
  }

  @Override
  public long alignment() {
    return 1;
  }

  @Override
  public boolean isShared() {
    return shared;
  }

  @Override
  public AllocatorStats stats() {
    if (inners.isEmpty()) {
      return AllocatorStats.UNTRACKED;
    }
    long bytes = live.values().stream().mapToLong(Long::longValue).sum();
    long reserved = page == NULL ? 0 : PAGE;
    return new AllocatorStats(live.size(), bytes, reserved, reserved, reserved / PAGE, 0);
  }

  private void throwBefore() {
    Throwable before = failureBefore;
    failureBefore = null;
    if (before instanceof Error error) {
      throw error;
    }
    if (before instanceof RuntimeException exception) {
      throw exception;
    }
  }

  @Override
  public void close() {
    throwBefore();
    if (closed) {
      events.add(name + " again");
      return;
    }
    if (!live.isEmpty()) {
      events.add(name + " leaks");
      long bytes = live.values().stream().mapToLong(Long::longValue).sum();
      throw new LeakException(name, live.size(), bytes, live.keySet().iterator().next());
    }
    if (page != NULL) {
      inners.get(0).free(page);
      page = NULL;
    }
    closed = true;
    events.add(name);
    if (failure != null) {
      throw failure;
    }
  }

  @Override
  public void closeAndRelease() {
    throwBefore();
    if (closed || live.isEmpty()) {
      close();
      return;
    }
    long blocks = live.size();
    live.clear();
    events.add(name + " leaks");
    close();
    throw new LeakException(name, blocks, 0);
  }

  /** The same, but it can tell its own memory from others'. */
  static final class Owning extends FakeAllocator implements OwningAllocator {

    Owning(String name, List<String> events, boolean shared, List<Allocator> inners) {
      super(name, events, shared, inners);
    }

    @Override
    public boolean owns(long address) {
      return false;
    }

    @Override
    public boolean tryFree(long address) {
      return false;
    }
  }
}
