package org.jallocator.arena;

import java.util.Arrays;

/**
 * All chunks that an arena holds: those in use, linked in the order in which they became current,
 * and the spare ones, which have no live block and come next.
 *
 * <p>A chunk is found by its addresses: the one that was found last is tried first, then a {@link
 * ChunkTable}, which exists from the second chunk on.
 *
 * <pre>
 *   in use    EMPTY &lt;- oldest &lt;-&gt; ... &lt;-&gt; current
 *   spare     EMPTY &lt;- ... &lt;- next to be taken
 *   found is one of all, EMPTY iff there are none
 * </pre>
 *
 * <p>Confined to its owner thread, as the arena is. {@link #NONE} alone is shared, and never
 * written.
 */
final class Chunks {

  /** The chunks of an arena that never had one. */
  static final Chunks NONE = new Chunks();

  private Chunk[] all = {Chunk.EMPTY};
  private long[] stretches = new long[2];
  private int count;
  private ChunkTable table = ChunkTable.EMPTY;
  private Chunk found = Chunk.EMPTY;
  private Chunk spare = Chunk.EMPTY;

  int count() {
    return count;
  }

  Chunk get(int index) {
    return all[index];
  }

  /**
   * Makes room for one more chunk.
   *
   * @throws OutOfMemoryError if the Java heap has no room; nothing has changed
   */
  void reserve() {
    if (count == all.length) {
      long[] more = Arrays.copyOf(stretches, 4 * count);
      all = Arrays.copyOf(all, 2 * count);
      stretches = more;
    }
    if (count > 0) {
      ChunkTable enough = table == ChunkTable.EMPTY ? new ChunkTable() : table;
      enough.reserve(stretches, count + 1);
      table = enough;
    }
  }

  /** Adds a chunk, for which there is room. */
  void add(Chunk chunk) {
    if (count == 0) {
      found = chunk;
    }
    put(count++, chunk);
  }

  private void put(int index, Chunk chunk) {
    all[index] = chunk;
    stretches[2 * index] = chunk.innerAddress();
    stretches[2 * index + 1] = chunk.innerSize();
  }

  /** Takes out a chunk whose memory went back to the inner; the last one takes its place. */
  void remove(int index) {
    table.clear();
    Chunk gone = all[index];
    put(index, all[--count]);
    all[count] = Chunk.EMPTY;
    if (found == gone) {
      found = all[0];
    }
  }

  /** {@return the chunk in which an address lies, or {@link Chunk#EMPTY}} */
  Chunk find(long address) {
    if (found.contains(address)) {
      return found;
    }
    if (count <= 1) {
      return Chunk.EMPTY;
    }
    int index = table.find(stretches, count, address);
    if (index < 0) {
      return Chunk.EMPTY;
    }
    found = all[index];
    return found;
  }

  /** {@return a spare chunk, which is no longer one, or {@link Chunk#EMPTY}} */
  Chunk takeSpare() {
    Chunk chunk = spare;
    spare = chunk.older();
    return chunk;
  }

  private void addSpare(Chunk chunk) {
    chunk.freeAll();
    chunk.linkSpare(spare);
    spare = chunk;
  }

  /** Makes a chunk spare that is in use but is not the current one. */
  void retire(Chunk chunk) {
    chunk.unlink();
    addSpare(chunk);
  }

  /** Makes all chunks spare that became current after the given one, which is current again. */
  void retireNewer(Chunk current, Chunk chunk) {
    for (Chunk newer = current; newer != chunk; ) {
      Chunk older = newer.older();
      addSpare(newer);
      newer = older;
    }
  }

  /** Empties all chunks; one is current from now on, the others are spare. */
  void restart(Chunk current) {
    spare = Chunk.EMPTY;
    for (int index = 0; index < count; index++) {
      if (all[index] != current) {
        addSpare(all[index]);
      }
    }
    if (current != Chunk.EMPTY) {
      current.freeAll();
      current.linkAfter(Chunk.EMPTY);
    }
  }

  /** {@return the live blocks} */
  long blocks() {
    long blocks = 0;
    for (int index = 0; index < count; index++) {
      blocks += all[index].blocks();
    }
    return blocks;
  }

  /** {@return the granules of the live blocks} */
  long liveGranules() {
    long granules = 0;
    for (int index = 0; index < count; index++) {
      granules += all[index].liveGranules();
    }
    return granules;
  }

  /** Stores the addresses of the first live blocks, and returns how many those are. */
  int addresses(long[] addresses) {
    int stored = 0;
    for (int index = 0; index < count; index++) {
      stored = all[index].addresses(addresses, stored);
    }
    return stored;
  }
}
