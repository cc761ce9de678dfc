package org.jallocator.jna;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.util.function.Consumer;
import org.jallocator.Allocator;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.spi.AllocatorErrors;
import org.jallocator.spi.AllocatorEvents;
import org.jspecify.annotations.Nullable;

/**
 * An allocator as C expects one: sizes of zero, blocks freed and resized without their sizes, and
 * NULL for every failure. Nothing that its functions for C do throws: what is thrown below becomes
 * NULL, and goes to the handler.
 *
 * <p>Sizes are as C's size_t: what is negative here is more than any allocator has. Shared, may
 * block: the sizes of the live blocks are behind one lock, which no call of the allocator is under.
 */
final class CallbackHeap {

  static final String NAME = "callbacks";

  private static final long NULL = Allocator.NULL;

  // The same numbers on all systems.
  private static final int ENOMEM = 12;
  private static final int EINVAL = 22;

  private final Allocator allocator;
  private final Consumer<? super Throwable> handler;

  /** The live blocks. Its monitor guards it, and {@link #closed}. */
  private final BlockSizes sizes = new BlockSizes();

  /**
   * The live blocks whose address or size for C is not that for the allocator: how far their
   * address lies behind the allocator's, plus one. Guarded by the monitor of {@link #sizes}.
   */
  private final BlockSizes shifts = new BlockSizes();

  private boolean closed;

  CallbackHeap(Allocator allocator, Consumer<? super Throwable> handler) {
    this.allocator = allocator;
    this.handler = handler;
  }

  /** C's malloc. Zero bytes are a block too, since much C code takes NULL for a failure. */
  long malloc(long size) {
    try {
      return take(size);
    } catch (Throwable t) {
      return report(t);
    }
  }

  /** C's calloc: NULL if the product is too large. */
  long calloc(long count, long size) {
    try {
      long bytes = count * size;
      if ((count | size | bytes) < 0 || Math.multiplyHigh(count, size) != 0) {
        return NULL;
      }
      long address = take(bytes);
      if (address != NULL) {
        CFunctions.memset(address, 0, bytes);
      }
      return address;
    } catch (Throwable t) {
      return report(t);
    }
  }

  /**
   * C's realloc. Shrinking keeps the block in its place if more than half of it stays in use, or if
   * there is no memory for a smaller one. Zero bytes free it, as in glibc, and the answer is NULL.
   */
  long realloc(long address, long size) {
    try {
      if (address == NULL) {
        return take(size);
      }
      if (size == 0) {
        give(address);
        return NULL;
      }
      return resize(address, size);
    } catch (Throwable t) {
      return report(t);
    }
  }

  /**
   * C's realloc with the old size. {@return NULL, and nothing done, if the block has another size}
   * Zero bytes free the block; without a block nothing is done.
   */
  long realloc(long address, long oldSize, long size) {
    try {
      if (address != NULL) {
        requireSize(address, oldSize);
      }
    } catch (Throwable t) {
      return report(t);
    }
    return address == NULL && size == 0 ? NULL : realloc(address, size);
  }

  /** C's free. */
  void free(long address) {
    try {
      if (address != NULL) {
        give(address);
      }
    } catch (Throwable t) {
      report(t);
    }
  }

  /** C's free with the size; nothing is done if the block has another. */
  void free(long address, long size) {
    try {
      if (address != NULL) {
        requireSize(address, size);
        give(address);
      }
    } catch (Throwable t) {
      report(t);
    }
  }

  /** C's strdup; NULL for NULL. */
  long strdup(long text) {
    try {
      if (text == NULL) {
        return NULL;
      }
      long bytes = new Pointer(text).indexOf(0, (byte) 0) + 1;
      long address = take(bytes);
      if (address != NULL) {
        CFunctions.memcpy(address, text, bytes);
      }
      return address;
    } catch (Throwable t) {
      return report(t);
    }
  }

  /** C's aligned_alloc, for a power of two and any size. */
  long alignedAlloc(long alignment, long size) {
    try {
      return isAlignment(alignment) ? takeAligned(alignment, size) : NULL;
    } catch (Throwable t) {
      return report(t);
    }
  }

  /** POSIX's posix_memalign. {@return 0, or the number of an error} */
  int posixMemalign(long result, long alignment, long size) {
    try {
      if (!isAlignment(alignment) || alignment % Native.POINTER_SIZE != 0) {
        return EINVAL;
      }
      long address = takeAligned(alignment, size);
      if (address == NULL) {
        return ENOMEM;
      }
      new Pointer(result).setPointer(0, new Pointer(address));
      return 0;
    } catch (Throwable t) {
      report(t);
      return ENOMEM;
    }
  }

  private static boolean isAlignment(long alignment) {
    return Long.bitCount(alignment) == 1 && alignment > 0;
  }

  /** {@return the bytes that the caller of C's malloc may use; 0 for NULL} */
  long usableSize(long address) {
    try {
      return address == NULL ? 0 : requireSize(address);
    } catch (Throwable t) {
      return report(t);
    }
  }

  private long take(long size) {
    requireOpen();
    if (size < 0) {
      return NULL;
    }
    long served = Math.max(1, size);
    long address = allocator.tryMalloc(served);
    if (address != NULL) {
      try {
        enter(address, served);
      } catch (Throwable t) {
        allocator.free(address, served);
        throw t;
      }
    }
    return address;
  }

  private long takeAligned(long alignment, long size) {
    long lost = alignment - allocator.alignment();
    if (lost <= 0) {
      return take(size);
    }
    requireOpen();
    long served = Math.max(1, size) + lost;
    if (size < 0 || served < 0) {
      return NULL;
    }
    long start = allocator.tryMalloc(served);
    if (start == NULL) {
      return NULL;
    }
    long address = start + alignment - 1 & -alignment;
    try {
      synchronized (sizes) {
        shifts.put(address, address - start + 1);
        try {
          enter(address, Math.max(1, size));
        } catch (Throwable t) {
          shifts.remove(address);
          throw t;
        }
      }
    } catch (Throwable t) {
      allocator.free(start, served);
      throw t;
    }
    return address;
  }

  /**
   * Takes a block back. It is out of the books before it is free: from then on another thread may
   * be handed the same address. If the allocator refuses it, it is in again; after any other error
   * it is unknown whether it was taken, and it stays out.
   */
  private void give(long address) {
    long size;
    long shift;
    synchronized (sizes) {
      size = requireSize(address);
      shift = shifts.remove(address);
      sizes.remove(address);
    }
    try {
      if (shift == BlockSizes.ABSENT) {
        allocator.free(address, size);
      } else {
        allocator.free(address - (shift - 1));
      }
    } catch (IllegalArgumentException | IllegalStateException refusal) {
      synchronized (sizes) {
        if (shift != BlockSizes.ABSENT) {
          shifts.put(address, shift);
        }
        sizes.put(address, size);
      }
      throw refusal;
    }
  }

  private long resize(long address, long size) {
    long old = requireSize(address);
    if (size <= old && size > old / 2) {
      return shrink(address, size);
    }
    long moved = take(size);
    if (moved == NULL) {
      return size > 0 && size <= old ? shrink(address, size) : NULL;
    }
    CFunctions.memcpy(moved, address, Math.min(old, size));
    try {
      give(address);
    } catch (Throwable t) {
      // C gets NULL, and goes on with the old block.
      give(moved);
      throw t;
    }
    return moved;
  }

  /**
   * Notes that a block has a smaller size for C from now on. It has not for the allocator, so the
   * block is freed without a size. {@return the block}
   */
  private long shrink(long address, long size) {
    synchronized (sizes) {
      long old = requireSize(address);
      if (size < old) {
        if (shifts.get(address) == BlockSizes.ABSENT) {
          shifts.put(address, 1);
        }
        sizes.replace(address, size);
      }
    }
    return address;
  }

  private void requireOpen() {
    synchronized (sizes) {
      if (closed) {
        throw AllocatorErrors.closed(NAME);
      }
    }
  }

  private void enter(long address, long size) {
    synchronized (sizes) {
      requireOpen();
      sizes.put(address, size);
    }
  }

  private long requireSize(long address) {
    long size;
    synchronized (sizes) {
      requireOpen();
      size = sizes.get(address);
    }
    if (size == BlockSizes.ABSENT) {
      throw AllocatorEvents.invalidFree(
          NAME, new InvalidFreeException(Reason.FOREIGN, NAME, address));
    }
    return size;
  }

  /** Refuses a size that is not the block's; for none, a block has one byte. */
  private void requireSize(long address, long told) {
    long size = requireSize(address);
    if (Math.max(1, told) != size) {
      throw AllocatorEvents.invalidFree(NAME, new InvalidFreeException(NAME, address, told, size));
    }
  }

  /** Hands what was thrown to the handler. {@return NULL} */
  private long report(Throwable thrown) {
    try {
      handler.accept(thrown);
    } catch (Throwable ofHandler) {
      // The caller is C: there is nowhere to report it.
    }
    return NULL;
  }

  long liveBlocks() {
    synchronized (sizes) {
      return sizes.count();
    }
  }

  long liveBytes() {
    synchronized (sizes) {
      return sizes.bytes();
    }
  }

  /** Ends the service. {@return the leaks, for which it goes on; null iff there are none} */
  @Nullable LeakException close() {
    synchronized (sizes) {
      if (sizes.count() > 0) {
        return new LeakException(
            NAME, sizes.count(), sizes.bytes(), sizes.first(LeakException.MAX_ADDRESSES));
      }
      closed = true;
      return null;
    }
  }
}
