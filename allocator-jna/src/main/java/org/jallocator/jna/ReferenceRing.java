package org.jallocator.jna;

import com.sun.jna.ptr.ByReference;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * By-references of one type, for one scope at a time to lend from.
 *
 * <pre>
 *   memories   |lent|lent|    |    |    |null|null|null|
 *   next                  ^
 * </pre>
 *
 * <p>Making a by-reference makes JNA allocate, so none is made while one that is not lent will do.
 * The one that was back the longest is lent first: what a program still holds of a closed scope
 * throws for as many loans as the ring is long, before it comes to life again as somebody else's.
 * That is the limit of pooling, and why a ring does not start smaller.
 *
 * <p>Invariant: {@code memories.length} is a power of two. Price of a loan: no allocation, O(1) and
 * a step over each by-reference that is still lent where {@code next} passes it.
 *
 * <p>Confined to the thread of the scope that holds it; {@link ReferenceRings} hands it on.
 */
final class ReferenceRing {

  /** Loans before one that is back is lent again. */
  static final int MIN_LENGTH = 32;

  /** What a ring may have grown to and still be kept for the next scope. */
  static final int MAX_KEPT_LENGTH = 1024;

  final ReferenceRings home;
  final Class<? extends ByReference> type;

  /** The bytes that each by-reference points at. */
  final long size;

  /** The next ring that the same scope holds. */
  @Nullable ReferenceRing nextHeld;

  private @Nullable ReferenceMemory[] memories = new ReferenceMemory[MIN_LENGTH];
  private int next;

  ReferenceRing(ReferenceRings home) {
    this.home = home;
    this.type = home.type;
    this.size = home.size();
  }

  /** Lends the by-reference that was back the longest, or a new one. */
  ReferenceMemory lend(long address) {
    @Nullable ReferenceMemory[] memories = this.memories;
    int next = this.next;
    ReferenceMemory memory = memories[next];
    if (memory == null || memory.isLent()) {
      return lendSlow(address);
    }
    this.next = (next + 1) & (memories.length - 1);
    memory.lend(address);
    return memory;
  }

  private ReferenceMemory lendSlow(long address) {
    seek();
    if (memories[next] == null) {
      memories[next] = make();
    }
    return lend(address);
  }

  /** Goes to the next place where nothing is lent, which is a new one where all is. */
  private void seek() {
    for (int i = 0; i < memories.length; i++) {
      ReferenceMemory memory = memories[next];
      if (memory == null || !memory.isLent()) {
        return;
      }
      next = (next + 1) & (memories.length - 1);
    }
    next = memories.length;
    memories = Arrays.copyOf(memories, 2 * next);
  }

  private ReferenceMemory make() {
    return new ReferenceMemory(home.make(), size);
  }

  boolean isWorthKeeping() {
    return memories.length <= MAX_KEPT_LENGTH;
  }
}
