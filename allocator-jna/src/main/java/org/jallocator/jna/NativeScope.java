package org.jallocator.jna;

import com.sun.jna.Memory;
import com.sun.jna.Structure;
import com.sun.jna.ptr.ByReference;
import java.lang.reflect.Array;
import org.jallocator.Allocator;
import org.jspecify.annotations.Nullable;

/**
 * All that a call into C, or a request of many, needs of native memory, freed at once.
 *
 * <pre>{@code
 * try (NativeScope scope = NativeScope.open(allocator)) {
 *   IntByReference count = scope.intByReference();
 *   library.lookup(scope.string("name"), scope.struct(Options.class), count);
 *   return count.getValue();
 * }
 * }</pre>
 *
 * <p>A scope takes chunks from any allocator, an {@link org.jallocator.Arena} or a plain one, bumps
 * through them, and frees them with their sizes when it closes; what is over half a chunk is a
 * block of its own. So a scope of a few small values is one malloc and one free of the allocator,
 * and two scopes on one arena do not depend on each other's order.
 *
 * <p>{@link #nested} scopes move back to where they began and take nothing from the allocator while
 * the chunk has room: keep one scope for a thread and nest one in it for each request. While a
 * nested scope is open the outer one hands out nothing; closing an outer scope closes those nested
 * in it.
 *
 * <p>When a scope closes, its memory is closed: every access through a {@code Memory}, a view of
 * it, a structure on it or a by-reference is an {@link IllegalStateException}. By-references are
 * pooled, because JNA allocates for each that is made: one that a program keeps is lent again after
 * 32 loans of its class at the earliest, and then is somebody else's. A raw address from {@link
 * #malloc} is not caught. Handed to C after closing, a by-reference is refused by interface
 * mapping; by direct mapping C is passed NULL, and for a {@code Memory} by both; for a view, its
 * old address.
 *
 * <p>Price: a raw {@link #malloc} allocates nothing on the Java heap, memory one object of 40
 * bytes, a by-reference nothing in steady state, a nested scope one object of 56 bytes, which the
 * compiler often does without (JnaMemoryBenchmark of allocator-bench). In JNA nothing is allocated,
 * but for structures: for one whose class has no public constructor that takes a {@code Pointer},
 * be it nested in another, and for its fields that are by-references, JNA allocates as it makes
 * them, and for a String field as it is written. Not for memory that outlives a request: there,
 * {@link AllocatorMemory}.
 *
 * <p>Confined to its owner thread. What it handed out may be accessed by any thread.
 */
public final class NativeScope extends ScopeValues implements AutoCloseable {

  private static final long DEFAULT_CHUNK_SIZE = 1024;

  private final ScopeRegion region;
  private final @Nullable NativeScope outer;
  private final long number;
  private final int blocks;
  private final long top;
  private final long limit;
  private final @Nullable ScopeMemory youngest;
  private boolean closed;

  private NativeScope(ScopeRegion region, @Nullable NativeScope outer) {
    this.region = region;
    this.outer = outer;
    this.number = region.nextNumber();
    this.blocks = region.blocks;
    this.top = region.top;
    this.limit = region.limit;
    this.youngest = region.youngest;
  }

  /**
   * Opens a scope with chunks of 1 KiB, growing where more than one is needed. Takes no memory yet.
   *
   * @param allocator where memory comes from; stays open
   * @return a new scope, confined to the calling thread; the caller closes it
   */
  public static NativeScope open(Allocator allocator) {
    return open(allocator, DEFAULT_CHUNK_SIZE);
  }

  /**
   * Opens a scope. Takes no memory yet.
   *
   * @param allocator where memory comes from; stays open
   * @param chunkSize bytes of the first chunk, which is kept until the outermost scope closes; at
   *     least 1; where the allocator serves less, as much as it serves
   * @return a new scope, confined to the calling thread; the caller closes it
   * @throws IllegalArgumentException if {@code chunkSize} is less than 1
   */
  public static NativeScope open(Allocator allocator, long chunkSize) {
    if (chunkSize < 1) {
      throw new IllegalArgumentException(
          "chunkSize is less than one byte: chunkSize=" + chunkSize + ", limit=1");
    }
    return new NativeScope(new ScopeRegion(allocator, chunkSize), null);
  }

  /**
   * Opens a scope in this one.
   *
   * @return a new scope, confined to the same thread; the caller closes it
   * @throws IllegalStateException if this scope may not be used now
   */
  public NativeScope nested() {
    requireUsable();
    return new NativeScope(region, this);
  }

  /**
   * Hands out bytes, their contents undefined. O(1). Aligned as the allocator's blocks, or to 16
   * where those are aligned to more.
   *
   * @param size in bytes, at least 1
   * @return an address that is good until this scope closes
   * @throws IllegalArgumentException if the allocator does not serve the size
   * @throws OutOfMemoryError if the allocator has no memory
   * @throws IllegalStateException if this scope may not be used now: it is closed, a nested one is
   *     open, or the thread is not its owner
   */
  public long malloc(long size) {
    requireUsable();
    return region.malloc(size);
  }

  @Override
  public Memory memory(long size) {
    requireUsable();
    ScopeMemory memory = new ScopeMemory(region.malloc(size), size);
    region.add(memory);
    return memory;
  }

  /**
   * Hands out memory of zeros.
   *
   * @param size in bytes, at least 1
   * @return new memory, closed with this scope
   * @throws IllegalArgumentException if the allocator does not serve the size
   * @throws OutOfMemoryError if the allocator has no memory
   * @throws IllegalStateException if this scope may not be used now
   */
  public Memory zeroed(long size) {
    Memory memory = memory(size);
    memory.clear();
    return memory;
  }

  /**
   * Makes a structure on zeros. A public constructor that takes a {@code Pointer} is called where
   * there is one; without one JNA allocates a block of its own first, which it never closes, and a
   * {@code ByValue} stays on that.
   *
   * @param <T> the class
   * @param type a class whose structures are all of one size
   * @return a new structure
   * @throws IllegalArgumentException if the structure cannot be made
   */
  public <T extends Structure> T struct(Class<T> type) {
    StructType structType = StructType.of(type);
    return type.cast(structType.place(zeroed(structType.size())));
  }

  /**
   * Makes structures on zeros, one behind the other, linked as by {@code Structure.toArray}: the
   * first as an argument writes and reads them all.
   *
   * @param <T> the class
   * @param type a class whose structures are all of one size
   * @param count how many, at least 1
   * @return new structures
   * @throws IllegalArgumentException if {@code count} is less than 1, a structure cannot be made,
   *     or the class is a {@code ByValue} without a public constructor that takes a {@code Pointer}
   */
  public <T extends Structure> T[] structs(Class<T> type, int count) {
    if (count < 1) {
      throw new IllegalArgumentException("count is less than one: count=" + count + ", limit=1");
    }
    @SuppressWarnings("unchecked") // an array of the class
    T[] structures = (T[]) Array.newInstance(type, count);
    StructType structType = StructType.of(type);
    Memory memory = zeroed((long) structType.size() * count);
    Structure first = structType.place(memory);
    if (!first.getPointer().equals(memory)) {
      throw new IllegalArgumentException(
          "structure by value has no public constructor that takes a Pointer: type="
              + type.getName());
    }
    first.toArray(structures);
    return structures;
  }

  @Override
  ByReference lend(Class<? extends ByReference> type) {
    requireUsable();
    return region.lend(type).reference;
  }

  private void requireUsable() {
    if (region.innermost != number || Thread.currentThread() != region.owner) {
      throw unusable();
    }
  }

  private IllegalStateException unusable() {
    if (!isOpen()) {
      return new IllegalStateException("scope is closed");
    }
    if (Thread.currentThread() != region.owner) {
      return new IllegalStateException(
          "scope is confined to its owner thread: owner="
              + region.owner
              + ", caller="
              + Thread.currentThread());
    }
    return new IllegalStateException("scope has a nested scope open");
  }

  /**
   * Ends what this scope handed out and frees its memory, and closes the scopes nested in it.
   * Closing twice is silent. O(memory objects and blocks).
   *
   * <p>Where the allocator throws, all that it does take back goes back, its first exception is
   * thrown then, with the others suppressed, and this scope is closed.
   *
   * @throws IllegalStateException if this scope is confined to another thread; it stays open
   */
  @Override
  public void close() {
    if (region.innermost != number || Thread.currentThread() != region.owner) {
      closeSlow();
    } else if (outer == null) {
      closed = true;
      region.close();
    } else {
      closed = true;
      region.moveBack(outer.number, blocks, top, limit, youngest);
    }
  }

  private void closeSlow() {
    if (!isOpen()) {
      return;
    }
    if (Thread.currentThread() != region.owner) {
      throw unusable();
    }
    region.innermost = number;
    close();
  }

  /** {@return whether neither this nor one that this is nested in was closed} */
  private boolean isOpen() {
    NativeScope scope = this;
    while (scope != null && !scope.closed) {
      scope = scope.outer;
    }
    return scope == null;
  }
}
