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
 * <p>A {@link #nested} scope that closes moves back to where it began. It takes nothing from the
 * allocator as long as the chunk has room, or what earlier nested scopes needed beyond it is
 * enough: keep one scope for a thread and nest one in it for each request. While a nested scope is
 * open, the outer one hands out nothing. Closing an outer scope closes those nested in it.
 *
 * <p>When a scope closes, its memory is closed: every access through a {@code Memory}, a view of
 * it, a structure on it or a by-reference is an {@link IllegalStateException}, except by {@code
 * toString}. What cannot be caught: a raw address from {@link #malloc}. What is handed to C after
 * closing: interface mapping refuses a by-reference, and direct mapping passes NULL for it; both
 * pass NULL for a {@code Memory}, and the old address for a view of one.
 *
 * <p>By-references are pooled, because JNA allocates for each that is made. One that a program
 * keeps belongs to another caller when it is lent again, after 32 loans of its class at the
 * earliest. By-references of a class with fields of its own are not pooled: JNA makes each anew, on
 * its own memory.
 *
 * <p>Price, on the Java heap: nothing for a raw {@link #malloc}, one object of 40 bytes for memory,
 * nothing in steady state for a by-reference, one object of 56 bytes for a nested scope, which the
 * compiler often removes (JnaMemoryBenchmark of allocator-bench). JNA itself allocates for
 * structures only: when it makes one whose class has no public constructor that takes a {@code
 * Pointer}, also one nested in another, or one with fields that are by-references; and when it
 * writes a String field.
 *
 * <p>Not for memory that outlives a request: take {@link AllocatorMemory} for that.
 *
 * <p>Confined to its owner thread. What it handed out may be accessed by any thread.
 */
public final class NativeScope extends ScopeValues implements AutoCloseable {

  private static final long DEFAULT_CHUNK_SIZE = 1024;

  private static final long DEFAULT_RETAIN = 64 * 1024;

  private final ScopeRegion region;
  private final @Nullable NativeScope outer;
  private final long number;

  // Where the region stood as this opened.
  final int blocks;
  final long top;
  final long limit;
  private final @Nullable ScopeMemory youngest;

  /** Written by the region too, in one step with its own state. */
  boolean closed;

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
   * Opens a scope with chunks of 1 KiB, growing if more than one is needed. Takes no memory yet.
   *
   * @param allocator where memory comes from; stays open
   * @return a new scope, confined to the calling thread; the caller closes it
   */
  public static NativeScope open(Allocator allocator) {
    return open(allocator, DEFAULT_CHUNK_SIZE);
  }

  /**
   * Opens a scope that keeps at most 64 KiB from one nested scope for the next. Takes no memory
   * yet.
   *
   * @param allocator where memory comes from; stays open
   * @param chunkSize bytes of the first chunk, which is kept until the outermost scope closes; at
   *     least 1; if the allocator serves less, as much as it serves
   * @return a new scope, confined to the calling thread; the caller closes it
   * @throws IllegalArgumentException if {@code chunkSize} is less than 1
   */
  public static NativeScope open(Allocator allocator, long chunkSize) {
    return open(allocator, chunkSize, DEFAULT_RETAIN);
  }

  /**
   * Opens a scope. Takes no memory yet.
   *
   * @param allocator where memory comes from; stays open
   * @param chunkSize bytes of the first chunk, which is kept until the outermost scope closes; at
   *     least 1; if the allocator serves less, as much as it serves
   * @param retain bytes that are kept beside the chunk, at the most, if a nested scope that needed
   *     them closes: the next one takes them again; all go back when the outermost scope closes
   * @return a new scope, confined to the calling thread; the caller closes it
   * @throws IllegalArgumentException if {@code chunkSize} is less than 1, or {@code retain} less
   *     than 0
   * @throws IllegalStateException if JNA is missing, older than 5.12, or cannot load its library
   */
  public static NativeScope open(Allocator allocator, long chunkSize, long retain) {
    Jna.require();
    if (chunkSize < 1) {
      throw new IllegalArgumentException(
          "chunkSize is less than one byte: chunkSize=" + chunkSize + ", limit=1");
    }
    if (retain < 0) {
      throw new IllegalArgumentException(
          "retain is less than zero: retain=" + retain + ", limit=0");
    }
    return new NativeScope(new ScopeRegion(allocator, chunkSize, retain), null);
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
   * Hands out bytes, their contents undefined. O(1). Aligned to 16, or as the allocator's blocks if
   * that is more, up to 64.
   *
   * @param size in bytes, at least 1
   * @return an address that is good until this scope closes
   * @throws IllegalArgumentException if the allocator does not serve the size, together with what
   *     it takes to align it
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

  @Override
  public Memory memory(long size, long alignment) {
    requireUsable();
    if (Long.bitCount(alignment) != 1 || alignment < 1) {
      throw new IllegalArgumentException("alignment is no power of two: alignment=" + alignment);
    }
    ScopeMemory memory = new ScopeMemory(region.malloc(size, alignment), size);
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
   * Makes a structure on zeros, by its public constructor that takes a {@code Pointer}, or if that
   * one fails or leaves an array field null, by the one without arguments. For the latter JNA
   * allocates a block of its own first, which it never closes, and a {@code ByValue} stays on that.
   *
   * @param <T> the class
   * @param type a class whose structures are all of one size
   * @return a new structure
   * @throws IllegalArgumentException if no structure of the class can be made: the message has the
   *     class, its array fields that are null, and JNA's reason
   */
  public <T extends Structure> T struct(Class<T> type) {
    StructType structType = StructType.of(type);
    return type.cast(structType.place(zeroed(structType.size())));
  }

  /**
   * Makes a structure of variable length on zeros: the bytes behind its fields are those of a last
   * array, for example, of which the class has one element. They are reached by its pointer.
   *
   * @param <T> the class
   * @param type a class
   * @param bytes the length in bytes, at least that of a structure of the class on zeros
   * @return a new structure
   * @throws IllegalArgumentException if {@code bytes} is too few, or no structure of the class can
   *     be made
   */
  public <T extends Structure> T struct(Class<T> type, long bytes) {
    StructType structType = StructType.of(type);
    if (bytes < structType.size()) {
      throw new IllegalArgumentException(
          "bytes are less than the structure has: type="
              + type.getName()
              + ", bytes="
              + bytes
              + ", limit="
              + structType.size());
    }
    return type.cast(structType.place(zeroed(bytes)));
  }

  /**
   * Makes structures on zeros, one behind the other, linked as by {@code Structure.toArray}: the
   * first as an argument writes and reads them all. They are not linked if the class has a
   * constructor that takes a {@code Pointer}, and it fails: then the array is the argument.
   *
   * @param <T> the class
   * @param type a class whose structures are all of one size
   * @param count how many; for 0, an empty array
   * @return new structures
   * @throws IllegalArgumentException if {@code count} is less than 0, no structure of the class can
   *     be made, or the class is a {@code ByValue} without a public constructor that takes a {@code
   *     Pointer}
   */
  public <T extends Structure> T[] structs(Class<T> type, int count) {
    if (count < 0) {
      throw new IllegalArgumentException("count is less than zero: count=" + count + ", limit=0");
    }
    @SuppressWarnings("unchecked") // an array of the class
    T[] structures = (T[]) Array.newInstance(type, count);
    StructType structType = StructType.of(type);
    if (count == 0) {
      requireUsable();
      return structures;
    }
    structType.placeAll(zeroed((long) structType.size() * count), structures);
    return structures;
  }

  @Override
  ByReference lend(Class<? extends ByReference> type) {
    requireUsable();
    return region.lend(type);
  }

  private void requireUsable() {
    if (region.innermost != number || Thread.currentThread() != region.owner) {
      throw unusable();
    }
  }

  private IllegalStateException unusable() {
    if (!isOpen() || region.innermost == ScopeRegion.NO_SCOPE) {
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
   * <p>If the allocator throws, the other blocks go back all the same, its first exception is
   * thrown then, with the others suppressed, and this scope is closed. A {@link StackOverflowError}
   * is thrown at once. What is left then goes back when the outermost scope closes, or closes
   * again, from where there is more stack.
   *
   * @throws IllegalStateException if this scope is confined to another thread; it stays open
   */
  @Override
  @SuppressWarnings("ReferenceEquality") // the very object, at whatever address it was
  public void close() {
    if (region.innermost != number || Thread.currentThread() != region.owner) {
      closeSlow();
      return;
    }
    if (region.youngest != youngest) {
      region.endAfter(youngest);
    }
    NativeScope outer = this.outer;
    if (outer == null) {
      region.close();
      closed = true;
    } else if (blocks == region.blocks && limit != ScopeRegion.NO_CHUNK) {
      region.top = top;
      region.innermost = outer.number;
      closed = true;
    } else {
      region.moveBack(this, outer.number);
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
