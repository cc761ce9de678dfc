package org.jallocator.jna;

import java.util.function.Consumer;
import org.jallocator.Allocator;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.spi.AllocatorErrors;
import org.jspecify.annotations.Nullable;

/**
 * An allocator as C knows allocators: sizes of zero, blocks freed and resized without their sizes,
 * and NULL for every failure. Nothing that its functions for C do throws: what is thrown below
 * becomes NULL, and goes to the handler.
 *
 * <p>Sizes are as C's size_t: what is negative here is more than any allocator has. Shared, may
 * block: the sizes of the live blocks are behind one lock, which no call of the allocator is under.
 */
final class CallbackHeap {

  static final String NAME = "callbacks";

  private static final long NULL = Allocator.NULL;

  private final Allocator allocator;
  private final Consumer<? super Throwable> handler;

  /** The live blocks. Its monitor guards it, and {@link #closed}. */
  private final BlockSizes sizes = new BlockSizes();

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

  /** C's calloc: NULL where the product is too large. */
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
   * C's realloc. Shrinking keeps the block in its place where more than half of it stays in use, or
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

  private void give(long address) {
    long size;
    synchronized (sizes) {
      size = requireSize(address);
      // Out before it is free: from then on another thread may be handed the same address.
      sizes.remove(address);
    }
    try {
      allocator.free(address, size);
    } catch (Throwable t) {
      synchronized (sizes) {
        sizes.put(address, size);
      }
      throw t;
    }
  }

  private long resize(long address, long size) {
    long old = requireSize(address);
    if (size <= old && size > old / 2) {
      return address;
    }
    long moved = take(size);
    if (moved == NULL) {
      return size > 0 && size <= old ? address : NULL;
    }
    CFunctions.memcpy(moved, address, Math.min(old, size));
    try {
      give(address);
    } catch (Throwable t) {
      // C is told NULL, and goes on with the old block.
      give(moved);
      throw t;
    }
    return moved;
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
    synchronized (sizes) {
      requireOpen();
      long size = sizes.get(address);
      if (size == BlockSizes.ABSENT) {
        throw new InvalidFreeException(Reason.FOREIGN, NAME, address);
      }
      return size;
    }
  }

  /** Hands what was thrown to the handler. {@return NULL} */
  private long report(Throwable thrown) {
    try {
      handler.accept(thrown);
    } catch (Throwable ofHandler) {
      // There is C above: nobody is left to tell.
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
