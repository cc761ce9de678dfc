package org.jallocator.diagnostics;

import java.util.List;
import org.jallocator.spi.Failures;
import org.jspecify.annotations.Nullable;

/**
 * The freed blocks that a {@link GuardedAllocator} holds back, the oldest first. Its monitor guards
 * it, and is entered before that of the books.
 *
 * <p>A block in the quarantine stands in the books too, as one that is leaving and is not given.
 */
final class Quarantine {

  private final Books<GuardedBlock> books;
  private final Guards guards;
  private final @Nullable GuardReport report;
  private final long limit;

  private @Nullable GuardedBlock oldest;
  private @Nullable GuardedBlock youngest;
  private long bytes;

  Quarantine(Books<GuardedBlock> books, Guards guards, @Nullable GuardReport report, long limit) {
    this.books = books;
    this.guards = guards;
    this.report = report;
    this.limit = limit;
  }

  /** {@return whether a block is not too large to be held back} */
  boolean takes(GuardedBlock block) {
    return block.held <= limit;
  }

  /**
   * Gives the oldest blocks to the inner until there is room for one more, or the inner refuses
   * one.
   *
   * @return what is wrong with one of them, which has gone to the inner all the same, or null
   */
  synchronized @Nullable Finding makeRoomFor(GuardedBlock block) {
    Finding finding = null;
    while (finding == null && oldest != null && takes(block) && block.held > limit - bytes) {
      try {
        finding = give(oldest, null);
      } catch (IllegalArgumentException | IllegalStateException refused) {
        if (DiagnosticAllocator.isGone(refused)) {
          throw refused;
        }
        return null;
      }
    }
    return finding;
  }

  /**
   * Gives a block to the inner. If the inner refuses it, it stays; if somebody else freed it, or if
   * the inner throws anything else, it is dropped.
   *
   * @param before the block before it in the queue
   * @return what is wrong with it, or null; suppressed in what is thrown if the block is dropped
   */
  private @Nullable Finding give(GuardedBlock block, @Nullable GuardedBlock before) {
    Finding finding = guards.checkRetired(block);
    synchronized (books) {
      books.give(block);
    }
    boolean kept = false;
    try {
      guards.release(block.raw, block.held);
      return finding;
    } catch (RuntimeException | Error e) {
      kept = guards.tookNothing(e) && !DiagnosticAllocator.isGone(e);
      if (!kept && finding != null) {
        Failures.join(e, Findings.all(List.of(finding)));
      }
      throw e;
    } finally {
      if (!kept) {
        unlink(block, before);
      }
      synchronized (books) {
        if (kept) {
          books.keep(block);
        } else {
          books.remove(block);
        }
      }
      if (!kept) {
        tellReleased(block);
      }
    }
  }

  private void unlink(GuardedBlock block, @Nullable GuardedBlock before) {
    GuardedBlock next = block.next;
    if (before == null) {
      oldest = next;
    } else {
      before.next = next;
    }
    if (next == null) {
      youngest = before;
    }
    bytes -= block.held;
  }

  /** Adds a block that the user has freed. If it throws, it has not. */
  synchronized void add(GuardedBlock block) {
    guards.retire(block);
    GuardedBlock last = youngest;
    if (last == null) {
      oldest = block;
    } else {
      last.next = block;
    }
    youngest = block;
    bytes += block.held;
    block.heldBack = true;
  }

  /** Adds what is wrong with blocks that were entered after a serial. */
  synchronized void check(long serial, List<Finding> findings) {
    for (GuardedBlock block = oldest; block != null; block = block.next) {
      if (block.serial > serial) {
        Finding finding = guards.checkRetired(block);
        if (finding != null) {
          findings.add(finding);
        }
      }
    }
  }

  /** Does not check the blocks again that were entered after a serial. */
  synchronized void forget(long serial) {
    for (GuardedBlock block = oldest; block != null; block = block.next) {
      if (block.serial > serial) {
        guards.writeCanaries(block);
        block.filled = false;
      }
    }
  }

  /**
   * Gives all blocks to the inner, and adds what is wrong with them. An error does not end it: it
   * is thrown after the last block.
   *
   * @return their bytes
   */
  synchronized long empty(List<Finding> findings) {
    long before = bytes;
    Throwable thrown = null;
    GuardedBlock kept = null;
    for (GuardedBlock block = oldest; block != null; block = block.next) {
      try {
        Finding finding = give(block, kept);
        if (finding != null) {
          findings.add(finding);
        }
      } catch (RuntimeException | Error e) {
        thrown = Failures.join(thrown, e);
        if (!block.given) {
          kept = block;
        }
      }
    }
    Failures.rethrow(thrown);
    return before;
  }

  /** Forgets the blocks that were entered after a serial: the inner has ended them. */
  synchronized void drop(long serial) {
    GuardedBlock kept = null;
    for (GuardedBlock block = oldest; block != null; block = block.next) {
      if (block.serial <= serial) {
        kept = block;
        continue;
      }
      unlink(block, kept);
      synchronized (books) {
        books.remove(block);
      }
      tellReleased(block);
    }
  }

  private void tellReleased(GuardedBlock block) {
    if (report != null) {
      report.released(block);
    }
  }
}
