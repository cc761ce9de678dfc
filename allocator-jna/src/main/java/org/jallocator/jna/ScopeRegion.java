package org.jallocator.jna;

import com.sun.jna.ptr.ByReference;
import java.util.Arrays;
import org.jallocator.Allocator;
import org.jspecify.annotations.Nullable;

/**
 * The memory of an outermost scope and of all that are nested in it.
 *
 * <p>Blocks are taken from the allocator and bumped through, with no books: nothing in a scope is
 * freed by itself. A nested scope is a place to move back to.
 *
 * <pre>
 *   chunk      |aaaa|bb|cccccc|dd|      |       kept until the outermost scope closes
 *   position   a nested scope opened here ^     top moves back when it closes
 *   blocks     |eeeeeeeeeeee|  |ff|g|     |     a large one, a further chunk: freed with the scope
 * </pre>
 *
 * <p>Scopes are numbered as they open, from 1 on; no number is used twice. The innermost is the one
 * that may be used.
 *
 * <p>Invariants:
 *
 * <pre>
 *   innermost == the number of the scope that may be used, 0 when all are closed
 *   top, limit are multiples of the alignment, or 0 before the first chunk
 * </pre>
 *
 * <p>Confined to its owner thread, as its scopes are.
 */
final class ScopeRegion {

  /** What no scope is numbered. */
  private static final long NO_SCOPE = 0;

  /** What blocks are aligned to, where the allocator's are: enough for every type of C. */
  private static final long MAX_ALIGNMENT = 16;

  private static final long MAX_CHUNK_SIZE = 64 * 1024;
  private static final long[] NONE = {};

  final Allocator allocator;
  final Thread owner = Thread.currentThread();

  long top;
  long limit;
  int blocks;
  @Nullable ScopeMemory youngest;
  long innermost;

  private final long mask;
  private long chunkSize;
  private long chunk;
  private long chunkLength;
  private long[] addressesAndSizes = NONE;
  private long lastNumber;
  private @Nullable ReferenceRing rings;

  ScopeRegion(Allocator allocator, long chunkSize) {
    this.allocator = allocator;
    this.chunkSize = chunkSize;
    this.mask = Math.min(allocator.alignment(), MAX_ALIGNMENT) - 1;
  }

  /** Hands out bytes. No test for a size below 1: it wraps and is more than what is left. */
  long malloc(long size) {
    long address = top;
    long length = (size + mask) & ~mask;
    if (Long.compareUnsigned(length - 1, limit - address) >= 0) {
      return mallocSlow(size);
    }
    top = address + length;
    return address;
  }

  private long mallocSlow(long size) {
    if (size < 1) {
      throw new IllegalArgumentException("size is less than one byte: size=" + size + ", limit=1");
    }
    if (size <= chunkSize / 2 || size <= mask + 1) {
      long length = Math.min(chunkSize, allocator.maxSize());
      long rounded = (size + mask) & ~mask;
      if (rounded <= length && takeChunk(length)) {
        long address = top;
        top = address + rounded;
        return address;
      }
    }
    reserveBlock();
    long address = allocator.malloc(size);
    addBlock(address, size);
    return address;
  }

  /** Takes a chunk to bump through; returns false where the allocator has no memory for it. */
  private boolean takeChunk(long length) {
    if (chunk != Allocator.NULL) {
      reserveBlock();
    }
    long address = allocator.tryMalloc(length);
    if (address == Allocator.NULL) {
      return false;
    }
    if (chunk == Allocator.NULL) {
      chunk = address;
      chunkLength = length;
    } else {
      addBlock(address, length);
      chunkSize = Math.min(2 * chunkSize, Math.max(chunkSize, MAX_CHUNK_SIZE));
    }
    top = address;
    limit = address + (length & ~mask);
    return true;
  }

  private void reserveBlock() {
    if (2 * blocks == addressesAndSizes.length) {
      addressesAndSizes = Arrays.copyOf(addressesAndSizes, Math.max(8, 4 * blocks));
    }
  }

  private void addBlock(long address, long size) {
    addressesAndSizes[2 * blocks] = address;
    addressesAndSizes[2 * blocks + 1] = size;
    blocks++;
  }

  /** Remembers memory until the scope closes that is the innermost now. */
  void add(ScopeMemory memory) {
    memory.older = youngest;
    youngest = memory;
  }

  /** Lends a by-reference until the scope closes that is the innermost now. */
  ReferenceMemory lend(Class<? extends ByReference> type) {
    ReferenceRing ring = rings;
    while (ring == null || ring.type != type) {
      ring = ring == null ? take(type) : ring.nextHeld;
    }
    ReferenceMemory memory = ring.lend(malloc(ring.size));
    add(memory);
    return memory;
  }

  private ReferenceRing take(Class<? extends ByReference> type) {
    ReferenceRing taken = ReferenceRings.of(type).take();
    taken.nextHeld = rings;
    rings = taken;
    return taken;
  }

  /** {@return the number of a scope that is the innermost from now on} */
  long nextNumber() {
    long number = ++lastNumber;
    innermost = number;
    return number;
  }

  /** Ends what was handed out after some memory; the youngest goes first. */
  @SuppressWarnings("ReferenceEquality") // the very object, at whatever address it was
  private void endAfter(@Nullable ScopeMemory last) {
    if (youngest != last) {
      endSlow(last);
    }
  }

  @SuppressWarnings("ReferenceEquality") // as above
  private void endSlow(@Nullable ScopeMemory last) {
    ScopeMemory memory = youngest;
    while (memory != last && memory != null) {
      ScopeMemory older = memory.older;
      memory.end();
      memory = older;
    }
    youngest = last;
  }

  /**
   * Closes the innermost scope: moves back to where it opened, and ends what was handed out since.
   *
   * @param outer the number of the scope that is the innermost then
   * @param blocks how many blocks there were
   * @param top where the next block was to begin
   * @param limit where the chunk ended, 0 where there was none
   * @param youngest what was handed out last
   */
  void moveBack(long outer, int blocks, long top, long limit, @Nullable ScopeMemory youngest) {
    innermost = outer;
    endAfter(youngest);
    if (blocks == this.blocks && limit != 0) {
      this.top = top;
    } else {
      moveBackSlow(blocks, top, limit);
    }
  }

  private void moveBackSlow(int blocks, long top, long limit) {
    if (limit == 0 && chunk != Allocator.NULL) {
      this.top = chunk;
      this.limit = chunk + (chunkLength & ~mask);
    } else {
      this.top = top;
      this.limit = limit;
    }
    if (this.blocks != blocks) {
      freeBlocks(blocks);
    }
  }

  /** Closes the outermost scope: gives everything back, and ends what was handed out. */
  void close() {
    innermost = NO_SCOPE;
    endAfter(null);
    if (rings != null) {
      giveRings();
    }
    if (blocks != 0) {
      closeWithBlocks();
    } else if (chunk != Allocator.NULL) {
      allocator.free(chunk, chunkLength);
    }
  }

  private void giveRings() {
    ReferenceRing ring = rings;
    while (ring != null) {
      ReferenceRing next = ring.nextHeld;
      ring.nextHeld = null;
      ring.home.put(ring);
      ring = next;
    }
    rings = null;
  }

  private void closeWithBlocks() {
    if (chunk != Allocator.NULL) {
      reserveBlock();
      System.arraycopy(addressesAndSizes, 0, addressesAndSizes, 2, 2 * blocks);
      addressesAndSizes[0] = chunk;
      addressesAndSizes[1] = chunkLength;
      blocks++;
    }
    freeBlocks(0);
  }

  /** Frees the youngest blocks, all of them even where the allocator refuses some. */
  private void freeBlocks(int remaining) {
    Throwable refusal = null;
    while (blocks > remaining) {
      blocks--;
      try {
        allocator.free(addressesAndSizes[2 * blocks], addressesAndSizes[2 * blocks + 1]);
      } catch (RuntimeException | Error e) {
        if (refusal == null) {
          refusal = e;
        } else {
          refusal.addSuppressed(e);
        }
      }
    }
    if (refusal instanceof Error error) {
      throw error;
    }
    if (refusal != null) {
      throw (RuntimeException) refusal;
    }
  }
}
