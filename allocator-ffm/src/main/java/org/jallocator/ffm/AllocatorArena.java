package org.jallocator.ffm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import org.jallocator.Allocator;
import org.jallocator.spi.StackRoom;
import org.jspecify.annotations.Nullable;

/**
 * An {@link Arena} whose segments are blocks of any {@link Allocator}.
 *
 * <pre>{@code
 * try (Arena arena = AllocatorArena.ofConfined(allocator)) {
 *   MemorySegment name = arena.allocateFrom("name");
 *   lookup.invokeExact(name);
 * }
 * }</pre>
 *
 * <p>Lifetime, bounds and thread checks are the JDK's: an arena of {@link Arena#ofConfined} or
 * {@link Arena#ofShared} stands behind this one, and each segment is a slice of one segment of all
 * addresses that belongs to it. {@link #close} closes that arena first, so that no reader is left,
 * and then frees the blocks.
 *
 * <p><b>Zeros.</b> {@link #allocate} fills with zeros, as the arenas of the JDK do. {@link
 * #uninitialized} does not: its segments have the contents that the allocator left.
 *
 * <p><b>Price.</b> A segment is the allocator's malloc and free, 16 bytes in a table on the Java
 * heap, and the filling. An arena is the JDK's arena, three objects more, and one restricted
 * method. Closing a shared arena is as dear as the JDK's: a handshake with every thread of the
 * process.
 *
 * <p>Restricted methods are called on the program's behalf, so this module needs native access:
 * {@code --enable-native-access=org.jallocator.ffm}, or {@code ALL-UNNAMED} on the class path.
 *
 * <p>Confined to its owner thread, or shared and may block: what the factory says. The allocator of
 * a confined arena may be confined to the same thread.
 */
public final class AllocatorArena implements Arena {

  private final Allocator allocator;
  private final long alignment;

  /** Null iff this arena is shared. */
  private final @Nullable Thread owner;

  private final Arena delegate;

  /** From address 0 on, so that an offset is an address. */
  private final MemorySegment all;

  /** Guarded by itself iff this arena is shared. */
  private final BlockList blocks = new BlockList();

  private AllocatorArena(Allocator allocator, @Nullable Thread owner, Arena delegate) {
    this.allocator = allocator;
    this.alignment = allocator.alignment();
    this.owner = owner;
    this.delegate = delegate;
    this.all = all(delegate);
  }

  @SuppressWarnings("restricted") // asked for by --enable-native-access
  private static MemorySegment all(Arena delegate) {
    try {
      return MemorySegment.NULL.reinterpret(Long.MAX_VALUE, delegate, null);
    } catch (IllegalCallerException e) {
      delegate.close();
      Module module = AllocatorArena.class.getModule();
      throw new IllegalStateException(
          "native access is denied: module="
              + module
              + ", remedy=start Java with --enable-native-access="
              + (module.isNamed() ? module.getName() : "ALL-UNNAMED"),
          e);
    }
  }

  /**
   * Opens an arena for the calling thread. Takes no memory yet.
   *
   * @param allocator where blocks come from, and go back to; shared, or confined to the calling
   *     thread; stays open
   * @return a new arena, confined to the calling thread; the caller closes it
   * @throws IllegalStateException if native access is denied to this module
   */
  public static AllocatorArena ofConfined(Allocator allocator) {
    return new AllocatorArena(allocator, Thread.currentThread(), Arena.ofConfined());
  }

  /**
   * Opens an arena for all threads. Takes no memory yet.
   *
   * @param allocator where blocks come from, and go back to; stays open
   * @return a new arena, which any thread may use and close; the caller sees to that
   * @throws IllegalArgumentException if the allocator is not shared
   * @throws IllegalStateException if native access is denied to this module
   */
  public static AllocatorArena ofShared(Allocator allocator) {
    if (!allocator.isShared()) {
      throw new IllegalArgumentException(
          "a shared arena needs a shared allocator: isShared=false, remedy=shared=true");
    }
    return new AllocatorArena(allocator, null, Arena.ofShared());
  }

  /**
   * Takes a block of zeros.
   *
   * @param byteSize in bytes, at least 0; for 0, a block of one byte is taken
   * @param byteAlignment a power of two; beyond the allocator's alignment, the block is larger by
   *     the difference
   * @return a new segment, which ends with this arena
   * @throws IllegalArgumentException if an argument is out of range, or the allocator does not
   *     serve the size
   * @throws OutOfMemoryError if the allocator or the Java heap has no memory
   * @throws IllegalStateException if this arena or the allocator is closed
   * @throws WrongThreadException if this arena is confined to another thread
   */
  @Override
  public MemorySegment allocate(long byteSize, long byteAlignment) {
    return allocateUninitialized(byteSize, byteAlignment).fill((byte) 0);
  }

  /**
   * {@return this arena as an allocator of segments that are not filled with zeros} What it serves
   * is otherwise as that of {@link #allocate}, and ends with this arena too. For what is written at
   * once: {@code arena.uninitialized().allocateFrom(text)}.
   */
  public SegmentAllocator uninitialized() {
    return this::allocateUninitialized;
  }

  private MemorySegment allocateUninitialized(long byteSize, long byteAlignment) {
    long size = blockSize(byteSize, byteAlignment);
    StackRoom.requireForInner();
    long address;
    if (owner != null) {
      requireOwner();
      address = malloc(size);
    } else {
      synchronized (blocks) {
        address = malloc(size);
      }
    }
    // If there is no room for the segment, the block is freed when this arena closes.
    return slice((address + byteAlignment - 1) & -byteAlignment, byteSize);
  }

  /** Takes a block and enters it; there is room on the stack for both. */
  private long malloc(long size) {
    requireOpen();
    blocks.reserve();
    long address = allocator.malloc(size);
    blocks.add(address, size);
    return address;
  }

  @SuppressWarnings("restricted") // for addresses of the upper half, which no slice reaches
  private MemorySegment slice(long address, long size) {
    return address >= 0
        ? all.asSlice(address, size)
        : MemorySegment.ofAddress(address).reinterpret(size, delegate, null);
  }

  /** {@return how many bytes hold a segment, wherever in the allocator's alignment they start} */
  private long blockSize(long byteSize, long byteAlignment) {
    if (byteSize < 0 || byteAlignment < 1 || (byteAlignment & byteAlignment - 1) != 0) {
      throw badArgument(byteSize, byteAlignment);
    }
    long size = Math.max(byteSize, 1);
    if (byteAlignment <= alignment) {
      return size;
    }
    long padded = size + (byteAlignment - alignment);
    if (padded < 0) {
      throw badArgument(byteSize, byteAlignment);
    }
    return padded;
  }

  private static IllegalArgumentException badArgument(long byteSize, long byteAlignment) {
    String values = ": byteSize=" + byteSize + ", byteAlignment=" + byteAlignment;
    if (byteSize < 0) {
      return new IllegalArgumentException("size is negative" + values);
    }
    if (byteAlignment < 1 || (byteAlignment & byteAlignment - 1) != 0) {
      return new IllegalArgumentException("alignment is not a power of two" + values);
    }
    return new IllegalArgumentException(
        "size with alignment exceeds a long" + values + ", limit=" + Long.MAX_VALUE);
  }

  /**
   * Takes over a block that is in the caller's hands, such as that of a JNA memory: {@code
   * arena.adopt(memory.release(), size)}. The block is freed when this arena closes.
   *
   * @param address what the same allocator's malloc returned, not NULL
   * @param size what it was asked for, in bytes
   * @return the block as a segment, which ends with this arena
   * @throws IllegalArgumentException if the address is NULL or the size is less than 1
   * @throws IllegalStateException if this arena is closed; the block stays the caller's
   * @throws WrongThreadException if this arena is confined to another thread
   */
  public MemorySegment adopt(long address, long size) {
    if (address == Allocator.NULL || size < 1) {
      throw new IllegalArgumentException(
          "no block to adopt: address=0x" + Long.toHexString(address) + ", size=" + size);
    }
    StackRoom.requireForInner();
    requireOwner();
    MemorySegment segment = slice(address, size);
    synchronized (blocks) {
      requireOpen();
      blocks.reserve();
      blocks.add(address, size);
    }
    return segment;
  }

  /**
   * Makes a segment of memory that belongs to somebody else, such as a JNA memory: {@code
   * arena.view(Pointer.nativeValue(memory), memory.size())}. It ends with this arena, and nothing
   * is freed then. It must not be used after the memory is freed; that is not caught.
   *
   * @param address where it starts
   * @param size its bytes, at least 0
   * @return a new segment
   * @throws IllegalArgumentException if the size is negative
   * @throws IllegalStateException if this arena is closed
   * @throws WrongThreadException if this arena is confined to another thread
   */
  public MemorySegment view(long address, long size) {
    if (size < 0) {
      throw badArgument(size, 1);
    }
    requireOwner();
    requireOpen();
    return slice(address, size);
  }

  @Override
  public MemorySegment.Scope scope() {
    return delegate.scope();
  }

  /**
   * Ends all segments of this arena, and then frees their blocks. O(blocks), and for a shared arena
   * a handshake with every thread of the process.
   *
   * @throws IllegalStateException if this arena is closed, a segment is in use by a call into C, or
   *     the allocator is closed
   * @throws WrongThreadException if this arena is confined to another thread; nothing is changed
   * @throws IllegalArgumentException if the allocator refuses blocks, which somebody else freed;
   *     the others are freed
   * @throws RuntimeException what else the allocator throws; the segments are closed then, and
   *     closing again frees the rest
   */
  @Override
  public void close() {
    StackRoom.requireAboveStack(); // for the frees: the segments end before them
    requireOwner();
    if (delegate.scope().isAlive()) {
      delegate.close();
    } else {
      requireUnfreed();
    }
    synchronized (blocks) {
      blocks.freeAll(allocator);
    }
  }

  private void requireUnfreed() {
    synchronized (blocks) {
      if (blocks.count() == 0) {
        throw closed();
      }
    }
  }

  private void requireOpen() {
    if (!delegate.scope().isAlive()) {
      throw closed();
    }
  }

  private static IllegalStateException closed() {
    return new IllegalStateException("arena is closed");
  }

  private void requireOwner() {
    if (owner != null && owner != Thread.currentThread()) {
      throw new WrongThreadException(
          "arena is confined to its owner thread: owner="
              + owner
              + ", caller="
              + Thread.currentThread()
              + ", remedy=AllocatorArena.ofShared");
    }
  }
}
