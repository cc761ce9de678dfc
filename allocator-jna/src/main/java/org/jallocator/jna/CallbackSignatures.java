package org.jallocator.jna;

import com.sun.jna.Callback;

/**
 * The signatures of the functions that C libraries take in place of malloc and free, as JNA reads
 * them: one method each. C's size_t and pointers are longs.
 */
final class CallbackSignatures {

  private CallbackSignatures() {}

  interface Malloc extends Callback {
    long malloc(long size);
  }

  interface Calloc extends Callback {
    long calloc(long count, long size);
  }

  interface Realloc extends Callback {
    long realloc(long address, long size);
  }

  interface Free extends Callback {
    void free(long address);
  }

  interface UsableSize extends Callback {
    long usableSize(long address);
  }

  interface OpaqueMalloc extends Callback {
    long malloc(long opaque, long size);
  }

  interface OpaqueCalloc extends Callback {
    long calloc(long opaque, long count, long size);
  }

  interface OpaqueRealloc extends Callback {
    long realloc(long opaque, long address, long size);
  }

  interface OpaqueFree extends Callback {
    void free(long opaque, long address);
  }

  interface Zalloc extends Callback {
    long zalloc(long opaque, int items, int size);
  }

  interface SqliteMalloc extends Callback {
    long malloc(int size);
  }

  interface SqliteRealloc extends Callback {
    long realloc(long address, int size);
  }

  interface SqliteSize extends Callback {
    int size(long address);
  }

  interface SqliteRoundup extends Callback {
    int roundup(int size);
  }

  interface SqliteInit extends Callback {
    int init(long appData);
  }

  interface SqliteShutdown extends Callback {
    void shutdown(long appData);
  }

  interface Strdup extends Callback {
    long strdup(long text);
  }

  interface LuaAlloc extends Callback {
    long alloc(long userData, long address, long oldSize, long newSize);
  }

  interface SizedRealloc extends Callback {
    long realloc(long address, long oldSize, long newSize);
  }

  interface SizedFree extends Callback {
    void free(long address, long size);
  }

  interface MallocOpaque extends Callback {
    long malloc(long size, long opaque);
  }

  interface FreeOpaque extends Callback {
    void free(long address, long opaque);
  }

  interface TracedMalloc extends Callback {
    long malloc(long size, long file, int line);
  }

  interface TracedRealloc extends Callback {
    long realloc(long address, long size, long file, int line);
  }

  interface TracedFree extends Callback {
    void free(long address, long file, int line);
  }

  interface AlignedAlloc extends Callback {
    long alignedAlloc(long alignment, long size);
  }

  interface PosixMemalign extends Callback {
    int posixMemalign(long result, long alignment, long size);
  }
}
