package org.jallocator.jna;

import com.sun.jna.Callback;
import com.sun.jna.CallbackThreadInitializer;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jallocator.Allocator;
import org.jallocator.LeakException;

/**
 * An allocator handed to C, as the function pointers that a C library takes in place of malloc and
 * free.
 *
 * <pre>{@code
 * try (var callbacks = AllocatorCallbacks.of(allocator, Throwable::printStackTrace)) {
 *   stream.zalloc = callbacks.zallocFunction();
 *   stream.zfree = callbacks.zfreeFunction();
 *   ...
 *   zlib.deflateEnd(stream);
 * }
 * }</pre>
 *
 * <p>Each method hands out one function pointer, always the same, made when it is first asked for.
 * The signatures are C's own, those of libraries that pass an opaque argument first (it is ignored:
 * pass NULL), zlib's, and SQLite's table of methods.
 *
 * <p><b>What C gets.</b> NULL for every failure. That there is no memory, or that a size is larger
 * than the allocator serves, is told to C alone; all else that is thrown, such as the free of what
 * is no live block or the use of a confined allocator by another thread, goes to the handler too.
 * What the handler throws is dropped, for there is no Java above to catch it. Blocks are aligned as
 * the allocator aligns: 8 bytes serve every integer, double and pointer; code that uses long
 * doubles or vectors expects 16.
 *
 * <p><b>Life.</b> Kept from the garbage collector until it is closed, whether or not anyone in Java
 * holds it. C must not call after closing. The allocator stays open. The sizes of the live blocks
 * are kept on the Java heap, so closing finds what C did not free.
 *
 * <p><b>Threads.</b> Shared, may block: its books are behind a lock. Threads of C's own are
 * attached as daemons on their first call and detached as they end; the allocator must be shared
 * then.
 *
 * <p>Price: each call enters Java from C, which takes many times as long as C's own malloc: this
 * buys limits, leak checks and a heap of one's own for a library, not speed. In processes of 64
 * bits only.
 */
public final class AllocatorCallbacks implements AutoCloseable {

  private static final int MIN_ALIGNMENT = 8;

  /** All that are open. */
  private static final Set<AllocatorCallbacks> OPEN = ConcurrentHashMap.newKeySet();

  /** Attaches a thread of C's own once, and not once a call. */
  private static final CallbackThreadInitializer ATTACH =
      new CallbackThreadInitializer(true, false, "allocator-callbacks");

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

  private final CallbackHeap heap;

  /** What was handed out, by its type. Guarded by this. */
  private final Map<Class<?>, Callback> functions = new HashMap<>();

  /** SQLite's table of methods: seven functions and an argument for two of them. */
  private final Memory sqliteMethods = new Memory(8L * Native.POINTER_SIZE);

  private AllocatorCallbacks(CallbackHeap heap) {
    this.heap = heap;
  }

  /**
   * Hands an allocator to C.
   *
   * @param allocator what serves; shared, unless C calls from one thread alone
   * @param handler told what is thrown; called on C's thread, so it must be quick, and must not
   *     call the library back
   * @return a new instance, to be closed when C is done with it
   * @throws IllegalArgumentException if the allocator's blocks are not aligned for C's types
   */
  public static AllocatorCallbacks of(Allocator allocator, Consumer<? super Throwable> handler) {
    Objects.requireNonNull(handler);
    AlignedHeap.require64Bit(CallbackHeap.NAME);
    if (allocator.alignment() < MIN_ALIGNMENT) {
      throw new IllegalArgumentException(
          CallbackHeap.NAME
              + ": alignment is less than C's types need: alignment="
              + allocator.alignment()
              + ", limit="
              + MIN_ALIGNMENT);
    }
    var callbacks = new AllocatorCallbacks(new CallbackHeap(allocator, handler));
    OPEN.add(callbacks);
    return callbacks;
  }

  private synchronized <T extends Callback> Pointer function(Class<T> type, T function) {
    Callback kept = functions.get(type);
    if (kept == null) {
      Native.setCallbackThreadInitializer(function, ATTACH);
      functions.put(type, function);
      kept = function;
    }
    return CFunctions.pointerTo(kept);
  }

  /** {@return {@code void *malloc(size_t size)}; zero bytes are a block too} */
  public Pointer mallocFunction() {
    return function(Malloc.class, heap::malloc);
  }

  /** {@return {@code void *calloc(size_t count, size_t size)}} */
  public Pointer callocFunction() {
    return function(Calloc.class, heap::calloc);
  }

  /** {@return {@code void *realloc(void *block, size_t size)}; zero bytes free the block} */
  public Pointer reallocFunction() {
    return function(Realloc.class, heap::realloc);
  }

  /** {@return {@code void free(void *block)}} */
  public Pointer freeFunction() {
    return function(Free.class, heap::free);
  }

  /** {@return {@code size_t malloc_usable_size(void *block)}} */
  public Pointer usableSizeFunction() {
    return function(UsableSize.class, heap::usableSize);
  }

  /** {@return {@code void *malloc(void *opaque, size_t size)}} */
  public Pointer opaqueMallocFunction() {
    return function(OpaqueMalloc.class, (opaque, size) -> heap.malloc(size));
  }

  /** {@return {@code void *calloc(void *opaque, size_t count, size_t size)}} */
  public Pointer opaqueCallocFunction() {
    return function(OpaqueCalloc.class, (opaque, count, size) -> heap.calloc(count, size));
  }

  /** {@return {@code void *realloc(void *opaque, void *block, size_t size)}} */
  public Pointer opaqueReallocFunction() {
    return function(OpaqueRealloc.class, (opaque, address, size) -> heap.realloc(address, size));
  }

  /** {@return {@code void free(void *opaque, void *block)}} */
  public Pointer opaqueFreeFunction() {
    return function(OpaqueFree.class, (opaque, address) -> heap.free(address));
  }

  /**
   * {@return zlib's {@code alloc_func}, {@code void *zalloc(void *opaque, unsigned items, unsigned
   * size)}}
   */
  public Pointer zallocFunction() {
    // Not zeroed: zlib does not ask for that. Two unsigned ints multiply without overflow.
    return function(
        Zalloc.class,
        (opaque, items, size) ->
            heap.malloc(Integer.toUnsignedLong(items) * Integer.toUnsignedLong(size)));
  }

  /** {@return zlib's {@code free_func}, {@code void zfree(void *opaque, void *block)}} */
  public Pointer zfreeFunction() {
    return opaqueFreeFunction();
  }

  /**
   * {@return SQLite's {@code sqlite3_mem_methods}, for {@code sqlite3_config(SQLITE_CONFIG_MALLOC,
   * ...)} before SQLite is used} Close this after {@code sqlite3_shutdown}; if SQLite is used again
   * after that, give it back the methods that SQLITE_CONFIG_GETMALLOC told before.
   */
  public synchronized Pointer sqliteMethods() {
    Pointer[] methods = {
      function(SqliteMalloc.class, size -> size <= 0 ? Allocator.NULL : heap.malloc(size)),
      freeFunction(),
      function(SqliteRealloc.class, heap::realloc),
      function(SqliteSize.class, address -> (int) heap.usableSize(address)),
      function(SqliteRoundup.class, size -> size + 7 & -8),
      function(SqliteInit.class, appData -> 0),
      function(SqliteShutdown.class, appData -> {}),
      Pointer.NULL
    };
    sqliteMethods.write(0, methods, 0, methods.length);
    return sqliteMethods;
  }

  /** {@return how many blocks C holds} */
  public long liveBlocks() {
    return heap.liveBlocks();
  }

  /** {@return the bytes of the blocks that C holds, as C asked for them} */
  public long liveBytes() {
    return heap.liveBytes();
  }

  /**
   * Ends the service; C must not call any more. Closing twice is silent.
   *
   * @throws LeakException if C holds blocks still: all goes on, have C free them and close again
   */
  @Override
  public void close() {
    LeakException leaks = heap.close();
    if (leaks != null) {
      throw leaks;
    }
    OPEN.remove(this);
  }
}
