package org.jallocator.arena;

import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jallocator.spi.StackRoom;

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
 *   inUse == number of those in use &lt;= mostInUse &lt;= count
 * </pre>
 *
 * <p>How many chunks a round needs, from one {@link #restart} to the next, is learnt: as many as
 * the last round used at once, or somewhat less than was needed before, if that is more.
 *
 * <p>Confined to its owner thread, as the arena is, but for the sums, which any thread may ask for.
 * {@link #NONE} alone is shared, and never written. Whoever calls a method that changes something
 * has asked for {@link StackRoom}.
 */
final class Chunks {

  /** The chunks of an arena that never had one. */
  static final Chunks NONE = new Chunks();

  /** What a need above that of the last round falls by: a fourth of the difference. */
  private static final int DECAY = 4;

  private Chunk[] all = {Chunk.EMPTY};
  private long[] stretches = new long[2];
  private int count;
  private int inUse;
  private int mostInUse;
  private int needed;
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
      Chunk[] moreChunks = Arrays.copyOf(all, 2 * count);
      Arrays.fill(moreChunks, count, 2 * count, Chunk.EMPTY);
      VarHandle.storeStoreFence(); // any thread may find it, in read
      all = moreChunks;
      stretches = more;
    }
    if (count > 0) {
      ChunkTable enough = table == ChunkTable.EMPTY ? new ChunkTable() : table;
      enough.reserve(stretches, count + 1);
      table = enough;
    }
  }

  /** Adds a chunk, for which there is room; it is neither in use nor spare yet. */
  void add(Chunk chunk) {
    if (count == 0) {
      found = chunk;
    }
    put(count, chunk);
    count++;
  }

  private void put(int index, Chunk chunk) {
    all[index] = chunk;
    stretches[2 * index] = chunk.innerAddress();
    stretches[2 * index + 1] = chunk.innerSize();
  }

  /** Takes out a chunk whose memory went back to the inner; the last one takes its place. */
  private void remove(int index) {
    table.clear();
    Chunk gone = all[index];
    count--;
    put(index, all[count]);
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

  /** {@return the spare chunk that is next, or {@link Chunk#EMPTY}} */
  Chunk spare() {
    return spare;
  }

  /** Puts a chunk in use, which is the next spare one or was just added: it is current now. */
  void use(Chunk chunk, Chunk current) {
    if (chunk == spare) {
      spare = chunk.older();
    }
    chunk.linkAfter(current);
    inUse++;
    mostInUse = Math.max(mostInUse, inUse);
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
    inUse--;
  }

  /** Makes all chunks spare that became current after the given one, which is current again. */
  void retireNewer(Chunk current, Chunk chunk) {
    for (Chunk newer = current; newer != chunk; ) {
      Chunk older = newer.older();
      addSpare(newer);
      inUse--;
      newer = older;
    }
  }

  /**
   * Empties all chunks and begins a round. One is current from now on; as many as are needed, that
   * one included, are kept for it, the others go back to the inner.
   *
   * @param current one of all, or EMPTY if there are none
   * @param limit how many to keep at the most
   */
  void restart(Chunk current, int limit, ArenaAccount inner) {
    needed = Math.max(mostInUse, needed - (needed - mostInUse + DECAY - 1) / DECAY);
    int kept = Math.max(1, Math.min(needed, limit));
    for (int index = count - 1; index >= 0 && count > kept; index--) {
      if (all[index] != current) {
        giveAt(index, inner);
      }
    }
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
    inUse = Math.min(1, count);
    mostInUse = inUse;
  }

  private void giveAt(int index, ArenaAccount inner) {
    if (inner.give(all[index].innerAddress(), all[index].innerSize())) {
      remove(index);
    }
  }

  /**
   * Gives all chunks back without a live block and without a mark. Those that the inner refuses are
   * spare.
   *
   * @return the chunk that is current from now on, or EMPTY
   */
  Chunk trim(Chunk current, ArenaAccount inner) {
    Chunk next = current;
    if (current != Chunk.EMPTY && current.isIdle()) {
      next = current.older();
      inUse--;
    }
    for (int index = count - 1; index >= 0; index--) {
      if (all[index].isIdle()) {
        giveAt(index, inner);
      }
    }
    spare = Chunk.EMPTY;
    for (int index = 0; index < count; index++) {
      if (all[index].isIdle()) {
        addSpare(all[index]);
      }
    }
    needed = inUse;
    mostInUse = inUse;
    return next;
  }

  /** {@return all, for any thread} Behind the last one there are EMPTY ones. */
  private Chunk[] read() {
    VarHandle.loadLoadFence(); // these Chunks are whole, by the fence where they were made
    Chunk[] all = this.all;
    VarHandle.loadLoadFence(); // so is the array, by the fence in reserve
    return all;
  }

  /** {@return the live blocks} Any thread may ask. */
  long blocks() {
    long blocks = 0;
    for (Chunk chunk : read()) {
      blocks += chunk.blocks();
    }
    return blocks;
  }

  /** {@return the granules of the live blocks} Any thread may ask. */
  long liveGranules() {
    long granules = 0;
    for (Chunk chunk : read()) {
      granules += chunk.liveGranules();
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
