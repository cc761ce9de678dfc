package org.jallocator.diagnostics;

/**
 * The stranded blocks of a layer: it has taken them from the inner, could not go on (a full Java
 * heap, memory that cannot be protected), and gives them back at its next call.
 *
 * <p>Shared, may block. Takes no memory after it was made.
 */
final class StrandedBlocks {

  /** One for each thread that can be in such trouble at the same moment. */
  private static final int MAX = 256;

  private final long[] addresses = new long[MAX];

  /** The bytes of each. */
  private final long[] bytes = new long[MAX];

  /** How many there are. Written under the monitor. */
  private int count;

  /** Adds a block. If there are too many, it is lost. */
  synchronized void add(long address, long bytes) {
    if (count < MAX) {
      addresses[count] = address;
      this.bytes[count] = bytes;
      count++;
    }
  }

  /** {@return whether there are none} Without the monitor: may miss what another thread adds. */
  boolean isEmpty() {
    return count == 0;
  }

  /**
   * Gives the blocks back by {@link DiagnosticAllocator#giveBack}. If the inner refuses a block, it
   * stays for the next time. If somebody else freed it, or if the inner throws anything else, it is
   * dropped.
   */
  synchronized void giveBack(DiagnosticAllocator layer) {
    while (count > 0) {
      boolean kept = false;
      try {
        layer.giveBack(addresses[count - 1], bytes[count - 1]);
      } catch (IllegalArgumentException | IllegalStateException refused) {
        kept = layer.keeps(refused);
        if (kept) {
          return;
        }
      } catch (RuntimeException | Error e) {
        kept = layer.keeps(e);
        throw e;
      } finally {
        if (!kept) {
          count--;
        }
      }
    }
  }
}
