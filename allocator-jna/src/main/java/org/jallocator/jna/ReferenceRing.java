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
 * throws for as many loans as the ring is long, before it is lent to another caller. That is the
 * limit of pooling, and why a ring does not start smaller.
 *
 * <p>Invariant: {@code memories.length} is a power of two. Price of a loan: no allocation, O(1) and
 * a step over each by-reference that is still lent when {@code next} passes it.
 *
 * <p>Confined to the thread of the scope that holds it; {@link ReferenceRings} hands it on.
 */
final class ReferenceRing {

  /** Loans before one that is back is lent again. */
  static final int MIN_LENGTH = 32;

  /** How many are kept for the next scope at the most, some 80 bytes each. */
  static final int MAX_KEPT_LENGTH = 16 * 1024;

  final ReferenceRings home;
  final Class<? extends ByReference> type;

  /** Whether the class is one to pool; if not, this ring stays empty. */
  final boolean isPooled;

  /** The bytes that each by-reference points at. */
  final long size;

  /** The next ring that the same scope holds. */
  @Nullable ReferenceRing nextHeld;

  private @Nullable ReferenceMemory[] memories = new ReferenceMemory[MIN_LENGTH];
  private int next;

  ReferenceRing(ReferenceRings home) {
    this.home = home;
    this.type = home.type;
    this.isPooled = home.isPooled();
    this.size = home.size();
  }

  /** {@return the by-reference that was back the longest, or a new one, to be lent} */
  ReferenceMemory next() {
    @Nullable ReferenceMemory[] memories = this.memories;
    int next = this.next;
    ReferenceMemory memory = memories[next];
    if (memory == null || memory.isLent() || memory.isViewed()) {
      return nextSlow();
    }
    this.next = (next + 1) & (memories.length - 1);
    return memory;
  }

  private ReferenceMemory nextSlow() {
    seek();
    ReferenceMemory memory = memories[next];
    if (memory == null) {
      memories[next] = new ReferenceMemory(home.make(), size);
    } else if (memory.isViewed()) {
      memories[next] = new ReferenceMemory(memory.reference, size);
    }
    return next();
  }

  /** Goes to the next by-reference that is not lent; makes room for a new one if all are. */
  private void seek() {
    for (int i = 0; i < memories.length; i++) {
      ReferenceMemory memory = memories[next];
      if (memory == null || !memory.isLent()) {
        return;
      }
      next = (next + 1) & (memories.length - 1);
    }
    int length = memories.length;
    memories = Arrays.copyOf(memories, 2 * length);
    next = length;
  }

  /** Forgets what is beyond the length that is kept; nothing is lent. */
  void trim() {
    if (memories.length > MAX_KEPT_LENGTH) {
      memories = Arrays.copyOf(memories, MAX_KEPT_LENGTH);
      next &= MAX_KEPT_LENGTH - 1;
    }
  }
}
