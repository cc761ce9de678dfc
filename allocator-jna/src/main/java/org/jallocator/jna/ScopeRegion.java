package org.jallocator.jna;

import com.sun.jna.ptr.ByReference;
import java.util.Arrays;
import org.jallocator.Allocator;
import org.jallocator.spi.Failures;
import org.jallocator.spi.StackChecked;
import org.jallocator.spi.StackRoom;
import org.jspecify.annotations.Nullable;

/**
 * The memory of an outermost scope and of all that are nested in it.
 *
 * <p>Blocks are taken from the allocator and bumped through, with no books: nothing in a scope is
 * freed by itself. A nested scope is a place to move back to.
 *
 * <pre>
 *   chunk    |aaaa|bb|cccccc|dd|      |          until the outermost scope closes
 *   top      a nested scope opened here ^        moves back when it closes
 *   entries  |eeeeeeee|   |ff|g|    |  |  ...  |  ....  |
 *            large ones, further chunks   kept for reuse
 *            0 .. blocks                  blocks .. total
 * </pre>
 *
 * <p>When a nested scope closes, its blocks become kept ones by moving {@code blocks} back; beyond
 * {@code retain} bytes they are freed. So a round that needs what the last one needed takes nothing
 * from the allocator.
 *
 * <p>Scopes are numbered as they open, from 1 on; no number is used twice. The innermost is the one
 * that may be used.
 *
 * <p>Invariants, also after an error at any call:
 *
 * <pre>
 *   innermost == the number of the scope that may be used, 0 when none may
 *   top, limit are multiples of the alignment, or NO_CHUNK before the first chunk
 *   limit - top bytes are left: limit is 0 at the end of the address space
 *   every block is in the entries, is the chunk, or was handed to the allocator's free;
 *     after a StackOverflowError that took nothing it is back
 * </pre>
 *
 * <p>For that, no call stands between the allocator's answer and the last store that enters it, and
 * closing makes no object. What takes or frees a block makes sure first that the stack has room for
 * all of it. Confined to its owner thread, as its scopes are.
 */
final class ScopeRegion {

  /** What no scope is numbered. */
  static final long NO_SCOPE = 0;

  /** Where the top and the limit are before the first chunk: at no address that is aligned. */
  static final long NO_CHUNK = 1;

  /** What memory is aligned to at least: enough for every type of C. */
  private static final long MIN_ALIGNMENT = 16;

  /** What memory is aligned to at most if no alignment is asked for: a cache line. */
  private static final long MAX_ALIGNMENT = 64;

  private static final long MAX_CHUNK_SIZE = 64 * 1024;

  /** A search looks at each. */
  private static final int MAX_KEPT = 64;

  private static final long[] NONE = {};

  static {
    ReferenceRings.initialize(); // now, and not first where the stack ends
  }

  final Allocator allocator;
  final Thread owner = Thread.currentThread();

  long top = NO_CHUNK;
  long limit = NO_CHUNK;
  int blocks;
  @Nullable ScopeMemory youngest;
  long innermost;

  private final long blockAlignment;
  private final long mask;
  private final long retain;
  private long chunkSize;
  private long chunk;
  private long chunkLength;

  /** Addresses and sizes in turn. */
  private long[] entries = NONE;

  private int total;
  private long lastNumber;
  private @Nullable ReferenceRing rings;

  ScopeRegion(Allocator allocator, long chunkSize, long retain) {
    this.allocator = allocator;
    this.chunkSize = chunkSize;
    this.retain = retain;
    this.blockAlignment = allocator.alignment();
    this.mask = Math.max(MIN_ALIGNMENT, Math.min(blockAlignment, MAX_ALIGNMENT)) - 1;
  }

  /** Hands out bytes. No test for a size below 1: it wraps and is more than what is left. */
  long malloc(long size) {
    long address = top;
    long length = (size + mask) & ~mask;
    if (Long.compareUnsigned(length - 1, limit - address) >= 0) {
      return mallocSlow(size, mask + 1);
    }
    top = address + length;
    return address;
  }

  /** Hands out bytes for what needs an alignment: less is promised only where none fit. */
  long malloc(long size, long alignment) {
    long skipped = -top & Math.max(alignment - 1, mask);
    long left = limit - top;
    long length = (size + mask) & ~mask;
    if (Long.compareUnsigned(skipped, left) >= 0
        || Long.compareUnsigned(length - 1, left - skipped) >= 0) {
      return mallocSlow(size, alignment);
    }
    long address = top + skipped;
    top = address + length;
    return address;
  }

  private long mallocSlow(long size, long alignment) {
    if (size < 1) {
      throw new IllegalArgumentException("size is less than one byte: size=" + size + ", limit=1");
    }
    StackRoom.requireAboveStack();
    if (size <= chunkSize / 2 || size <= mask + 1) {
      long needed = ((size + mask) & ~mask) + lostBy(Math.max(alignment, mask + 1));
      if (takeChunk(needed)) {
        return malloc(size, alignment);
      }
    }
    long lost = lostBy(alignment);
    if (lost > 0 && size > allocator.maxSize() - lost) {
      throw new IllegalArgumentException(
          "size exceeds what the allocator serves at this alignment: size="
              + size
              + ", alignment="
              + alignment
              + ", limit="
              + Math.max(0, allocator.maxSize() - lost));
    }
    return (takeBlock(size + lost) + alignment - 1) & -alignment;
  }

  /** {@return the most bytes that are lost if a block is to start at an alignment} */
  private long lostBy(long alignment) {
    return Math.max(0, alignment - blockAlignment);
  }

  /** Takes a chunk to bump through; returns false iff none of so many bytes is to be had. */
  private boolean takeChunk(long needed) {
    int at = chunk == Allocator.NULL ? total : largestKept();
    if (at < total && entries[2 * at + 1] >= needed) {
      long end = entries[2 * at] + entries[2 * at + 1];
      top = (entries[2 * at] + mask) & ~mask;
      limit = end & ~mask;
      use(at);
      return true;
    }
    long length = Math.min(chunkSize, allocator.maxSize());
    if (needed > length) {
      return false;
    }
    reserve();
    long larger = Math.max(chunkSize, 2 * Math.min(chunkSize, MAX_CHUNK_SIZE / 2));
    long address = allocator.tryMalloc(length);
    if (address == Allocator.NULL) {
      return false;
    }
    if (chunk == Allocator.NULL) {
      chunk = address;
      chunkLength = length;
    } else {
      long[] entries = this.entries;
      entries[2 * total] = entries[2 * blocks];
      entries[2 * total + 1] = entries[2 * blocks + 1];
      entries[2 * blocks] = address;
      entries[2 * blocks + 1] = length;
      blocks++;
      total++;
      chunkSize = larger;
    }
    top = (address + mask) & ~mask;
    limit = (address + length) & ~mask;
    return true;
  }

  /** Takes a block of its own: a kept one that is long enough, or a new one. */
  private long takeBlock(long size) {
    int at = smallestKept(size);
    if (at < total) {
      long address = entries[2 * at];
      use(at);
      return address;
    }
    reserve();
    long address = allocator.malloc(size);
    long[] entries = this.entries;
    entries[2 * total] = entries[2 * blocks];
    entries[2 * total + 1] = entries[2 * blocks + 1];
    entries[2 * blocks] = address;
    entries[2 * blocks + 1] = size;
    blocks++;
    total++;
    return address;
  }

  /** {@return the longest of those that are kept, {@code total} iff there is none} */
  private int largestKept() {
    int largest = total;
    for (int at = blocks; at < total; at++) {
      if (largest == total || entries[2 * at + 1] > entries[2 * largest + 1]) {
        largest = at;
      }
    }
    return largest;
  }

  /** {@return the shortest of those that are kept and long enough, {@code total} iff none is} */
  private int smallestKept(long size) {
    int smallest = total;
    for (int at = blocks; at < total; at++) {
      long length = entries[2 * at + 1];
      if (length >= size && (smallest == total || length < entries[2 * smallest + 1])) {
        smallest = at;
      }
    }
    return smallest;
  }

  /** Takes a kept block into use: it changes places with the first of those. */
  private void use(int at) {
    long[] entries = this.entries;
    long address = entries[2 * at];
    long size = entries[2 * at + 1];
    entries[2 * at] = entries[2 * blocks];
    entries[2 * at + 1] = entries[2 * blocks + 1];
    entries[2 * blocks] = address;
    entries[2 * blocks + 1] = size;
    blocks++;
  }

  private void reserve() {
    if (2 * total == entries.length) {
      entries = Arrays.copyOf(entries, Math.max(8, 4 * total));
    }
  }

  /** Remembers memory until the scope closes that is the innermost now. */
  void add(ScopeMemory memory) {
    memory.older = youngest;
    youngest = memory;
  }

  /** Lends a by-reference until the scope closes that is the innermost now. */
  ByReference lend(Class<? extends ByReference> type) {
    ReferenceRing ring = rings;
    while (ring == null || ring.type != type) {
      ring = ring == null ? take(type) : ring.nextHeld;
    }
    if (!ring.isPooled) {
      OwnReference own = new OwnReference(ring.home.makeWithMemory());
      add(own);
      return own.reference;
    }
    ReferenceMemory memory = ring.next();
    memory.open(malloc(ring.size));
    memory.older = youngest;
    youngest = memory;
    memory.reference.setPointer(memory);
    return memory.reference;
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

  /** Ends what was handed out after some memory; the youngest goes first. May be called again. */
  @SuppressWarnings("ReferenceEquality") // the very object, at whatever address it was
  void endAfter(@Nullable ScopeMemory last) {
    ScopeMemory memory = youngest;
    while (memory != last && memory != null) {
      memory.end();
      ScopeMemory older = memory.older;
      memory.older = null;
      youngest = older;
      memory = older;
    }
  }

  /**
   * Closes a nested scope, the innermost: moves back to where it opened, and keeps its blocks for
   * the next or frees them.
   *
   * @param scope the scope
   * @param outer the number of the scope that is the innermost then
   */
  void moveBack(NativeScope scope, long outer) {
    StackRoom.requireAboveStack();
    boolean beforeChunk = scope.limit == NO_CHUNK && chunk != Allocator.NULL;
    top = beforeChunk ? (chunk + mask) & ~mask : scope.top;
    limit = beforeChunk ? (chunk + chunkLength) & ~mask : scope.limit;
    blocks = scope.blocks;
    innermost = outer;
    scope.closed = true;
    if (total != blocks) {
      trim();
    }
  }

  /** Frees what is kept beyond the limits. */
  private void trim() {
    Throwable refusal = null;
    long kept = 0;
    int at = blocks;
    while (at < total) {
      long size = entries[2 * at + 1];
      if (size <= retain - kept && at - blocks < MAX_KEPT) {
        kept += size;
        at++;
      } else {
        refusal = free(at, refusal);
      }
    }
    Failures.rethrow(refusal);
  }

  /** Closes the outermost scope: gives everything back. May be called again. */
  void close() {
    StackRoom.requireAboveStack();
    innermost = NO_SCOPE;
    if (rings != null) {
      giveRings();
    }
    if (total != 0) {
      closeWithBlocks();
    } else {
      freeChunk();
    }
  }

  /** Frees the chunk, if there is one. It is out of the books first, as a block is. */
  private void freeChunk() {
    long address = chunk;
    if (address == Allocator.NULL) {
      return;
    }
    chunk = Allocator.NULL;
    try {
      allocator.free(address, chunkLength);
    } catch (StackOverflowError e) {
      if (StackChecked.tookNothing(allocator, e)) {
        chunk = address;
      }
      throw e;
    }
  }

  private void giveRings() {
    ReferenceRing ring = rings;
    while (ring != null) {
      ReferenceRing next = ring.nextHeld;
      ring.nextHeld = null;
      rings = next;
      ring.home.put(ring);
      ring = next;
    }
  }

  private void closeWithBlocks() {
    Throwable refusal = null;
    blocks = 0;
    while (total > 0) {
      refusal = free(total - 1, refusal);
    }
    try {
      freeChunk();
    } catch (RuntimeException | Error e) {
      refusal = join(refusal, e);
    }
    Failures.rethrow(refusal);
  }

  /**
   * Frees a block. It is out of the books first: if the allocator throws, it is unknown whether the
   * block was taken. It is in again after a stack overflow that came before the allocator's first
   * change.
   *
   * @return the first exception so far
   * @throws StackOverflowError at once, because the next free would throw it too
   */
  private @Nullable Throwable free(int at, @Nullable Throwable refusal) {
    long[] entries = this.entries;
    long address = entries[2 * at];
    long size = entries[2 * at + 1];
    total--;
    entries[2 * at] = entries[2 * total];
    entries[2 * at + 1] = entries[2 * total + 1];
    try {
      allocator.free(address, size);
      return refusal;
    } catch (RuntimeException | Error e) {
      if (e instanceof StackOverflowError && StackChecked.tookNothing(allocator, e)) {
        entries[2 * total] = address;
        entries[2 * total + 1] = size;
        total++;
      }
      return join(refusal, e);
    }
  }

  /**
   * Joins what two frees threw; a stack overflow passes at once, with the first suppressed: the
   * next free would throw it.
   */
  private static @Nullable Throwable join(@Nullable Throwable first, Throwable next) {
    if (next instanceof StackOverflowError error) {
      Failures.join(error, first);
      throw error;
    }
    return Failures.join(first, next);
  }
}
