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
import org.jallocator.spi.Failures;
import org.jallocator.spi.StackChecked;
import org.jallocator.spi.StackRoom;
import org.jallocator.spi.Waiting;
import org.jspecify.annotations.Nullable;

/**
 * An allocator as C expects one: sizes of zero, blocks freed and resized without their sizes, and
 * NULL for every failure. Nothing that its functions for C do throws: what is thrown below becomes
 * NULL, and goes to the handler.
 *
 * <p>Sizes are as C's size_t: what is negative here is more than any allocator has. Shared, may
 * block: the sizes of the live blocks are behind one lock, which no call of the allocator is under.
 *
 * <p>A block of the allocator is in the books, or a call is pending that enters it, frees it or
 * puts it back. So {@link #close} finds all if it waits for these calls.
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

  /**
   * Calls that have a block which is not in the books, or may have. Guarded by the monitor of the
   * sizes.
   */
  private int pendingCalls;

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
        zero(address, bytes);
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
        copy(text, address, bytes);
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
      Pointer place = new Pointer(result); // first: if there is no room for it, no block is taken
      long address = takeAligned(alignment, size);
      if (address == NULL) {
        return ENOMEM;
      }
      set(place, address);
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

  // What is thrown where C's memory is written: JNA's error, if it is protected. C gets NULL then,
  // and so the block must go back.

  private void zero(long address, long bytes) {
    try {
      CFunctions.memset(address, 0, bytes);
    } catch (Throwable t) {
      giveAfter(t, address);
      throw t;
    }
  }

  private void copy(long from, long address, long bytes) {
    try {
      CFunctions.memcpy(address, from, bytes);
    } catch (Throwable t) {
      giveAfter(t, address);
      throw t;
    }
  }

  private void set(Pointer place, long address) {
    try {
      place.setLong(0, address);
    } catch (Throwable t) {
      giveAfter(t, address);
      throw t;
    }
  }

  private long take(long size) {
    begin();
    try {
      return size < 0 ? NULL : enter(Math.max(1, size));
    } finally {
      end();
    }
  }

  private long takeAligned(long alignment, long size) {
    long lost = alignment - allocator.alignment();
    if (lost <= 0) {
      return take(size);
    }
    begin();
    try {
      long served = Math.max(1, size) + lost;
      return size < 0 || served < 0 ? NULL : enterAligned(alignment, Math.max(1, size), served);
    } finally {
      end();
    }
  }

  private long enter(long size) {
    long address = allocator.tryMalloc(size);
    if (address != NULL) {
      try {
        synchronized (sizes) {
          sizes.put(address, size);
        }
      } catch (Throwable t) { // a full Java heap
        freeAfter(t, address, size);
        throw t;
      }
    }
    return address;
  }

  private long enterAligned(long alignment, long size, long served) {
    long start = allocator.tryMalloc(served);
    if (start == NULL) {
      return NULL;
    }
    long address = start + alignment - 1 & -alignment;
    try {
      synchronized (sizes) {
        shifts.put(address, address - start + 1);
        try {
          sizes.put(address, size);
        } catch (Throwable t) {
          shifts.remove(address);
          throw t;
        }
      }
    } catch (Throwable t) { // a full Java heap
      freeAfter(t, start, served);
      throw t;
    }
    return address;
  }

  private void freeAfter(Throwable thrown, long address, long size) {
    try {
      allocator.free(address, size);
    } catch (RuntimeException | Error e) {
      Failures.join(thrown, e);
    }
  }

  /** Takes a block back. */
  private void give(long address) {
    StackRoom.requireAboveStack();
    giveBack(address);
  }

  private void giveAfter(Throwable thrown, long address) {
    try {
      giveBack(address);
    } catch (RuntimeException | Error e) {
      Failures.join(thrown, e);
    }
  }

  /**
   * Takes a block back. It is out of the books before it is free: from then on another thread may
   * be handed the same address. If the allocator took nothing, it is in again; after any other
   * error it is unknown whether it was taken, and it stays out.
   */
  private void giveBack(long address) {
    long size;
    long shift;
    synchronized (sizes) {
      size = requireSize(address);
      shift = shifts.setAside(address);
      sizes.setAside(address);
      pendingCalls++;
    }
    boolean held = false;
    try {
      if (shift == BlockSizes.ABSENT) {
        allocator.free(address, size);
      } else {
        allocator.free(address - (shift - 1));
      }
    } catch (Throwable t) {
      held = StackChecked.tookNothing(allocator, t);
      throw t;
    } finally {
      settle(address, size, shift, held);
    }
  }

  /** Puts a block back that was set aside, or forgets it. Cannot fail. */
  private void settle(long address, long size, long shift, boolean held) {
    synchronized (sizes) {
      pendingCalls--;
      if (held) {
        sizes.putBack(address, size);
      } else {
        sizes.forget();
      }
      if (shift == BlockSizes.ABSENT) {
        return;
      }
      if (held) {
        shifts.putBack(address, shift);
      } else {
        shifts.forget();
      }
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
    copy(address, moved, Math.min(old, size));
    try {
      giveBack(address);
    } catch (Throwable t) {
      // C gets NULL, and goes on with the old block.
      giveAfter(t, moved);
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

  /** Begins a call that takes a block; makes sure that it has the stack to end, and to free it. */
  private void begin() {
    StackRoom.requireAboveStack();
    synchronized (sizes) {
      requireOpen();
      pendingCalls++;
    }
  }

  private void end() {
    synchronized (sizes) {
      pendingCalls--;
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

  /**
   * Ends the service; waits for calls in progress, which may have a block that is not in the books.
   *
   * @return the leaks, for which it goes on; null iff there are none
   */
  @Nullable LeakException close() {
    for (int tries = 0; ; tries++) {
      synchronized (sizes) {
        if (sizes.count() > 0) {
          return new LeakException(
              NAME, sizes.count(), sizes.bytes(), sizes.first(LeakException.MAX_ADDRESSES));
        }
        if (pendingCalls == 0) {
          closed = true;
          return null;
        }
      }
      Waiting.pause(tries);
    }
  }
}
