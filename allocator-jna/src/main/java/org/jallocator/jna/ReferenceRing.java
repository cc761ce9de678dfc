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
 * <p>Invariant: {@code lent} is the number of memories that are lent, at most {@code
 * memories.length}. Price of a loan: no allocation, O(1) and a step over each by-reference that is
 * still lent where {@code next} passes it.
 *
 * <p>Confined to the thread of the scope that holds it; {@link ReferenceRings} hands it on.
 */
final class ReferenceRing {

  /** Loans before one that is back is lent again. */
  static final int MIN_LENGTH = 32;

  /** What a ring may have grown to and still be kept for the next scope. */
  static final int MAX_KEPT_LENGTH = 1024;

  final ReferenceRings home;

  /** The next ring that the same scope holds. */
  @Nullable ReferenceRing nextHeld;

  private @Nullable ReferenceMemory[] memories = new ReferenceMemory[MIN_LENGTH];
  private int next;
  private int lent;

  ReferenceRing(ReferenceRings home) {
    this.home = home;
  }

  /** Lends the by-reference that was back the longest, or a new one. */
  ReferenceMemory lend(long address) {
    if (lent == memories.length) {
      grow();
    }
    ReferenceMemory memory = memories[next];
    while (memory != null && memory.isLent()) {
      advance();
      memory = memories[next];
    }
    if (memory == null) {
      memory = make();
      memories[next] = memory;
    }
    memory.lend(address);
    advance();
    lent++;
    return memory;
  }

  private ReferenceMemory make() {
    ByReference reference = home.make();
    return new ReferenceMemory(this, reference, home.size());
  }

  private void advance() {
    next = next + 1 == memories.length ? 0 : next + 1;
  }

  private void grow() {
    next = memories.length;
    memories = Arrays.copyOf(memories, 2 * next);
  }

  /** Counts a loan that ended. */
  void takeBack() {
    lent--;
  }

  boolean isWorthKeeping() {
    return memories.length <= MAX_KEPT_LENGTH;
  }
}
