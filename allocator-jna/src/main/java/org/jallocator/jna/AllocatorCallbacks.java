package org.jallocator.jna;

import com.sun.jna.Callback;
import com.sun.jna.CallbackThreadInitializer;
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
import org.jallocator.spi.AllocatorErrors;
import org.jallocator.spi.AllocatorEvents;
import org.jspecify.annotations.Nullable;

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
 * Which library takes which:
 *
 * <table class="striped">
 * <caption>Signatures</caption>
 * <tr><th>signature</th><th>library</th></tr>
 * <tr><td>C's own, {@code strdup} among them</td><td>{@code xmlMemSetup} of libxml2, {@code
 *     curl_global_init_mem} of libcurl, cJSON, and most</td></tr>
 * <tr><td>opaque argument first</td><td>Brotli, Zstandard ({@code ZSTD_customMem})</td></tr>
 * <tr><td>the same, with items and size</td><td>zlib ({@code zalloc}), bzip2</td></tr>
 * <tr><td>opaque argument last</td><td>PCRE2 ({@code pcre2_general_context_create})</td></tr>
 * <tr><td>sizes at realloc and free</td><td>GMP ({@code mp_set_memory_functions})</td></tr>
 * <tr><td>one function for all</td><td>Lua ({@code lua_newstate})</td></tr>
 * <tr><td>file and line</td><td>OpenSSL ({@code CRYPTO_set_mem_functions})</td></tr>
 * <tr><td>a table</td><td>SQLite ({@code SQLITE_CONFIG_MALLOC})</td></tr>
 * <tr><td>an alignment</td><td>libraries with a hook for {@code aligned_alloc} or {@code
 *     posix_memalign}</td></tr>
 * </table>
 *
 * <p>Opaque arguments, files and lines are ignored: pass NULL.
 *
 * <p><b>What C gets.</b> NULL for every failure. That there is no memory, or that a size is larger
 * than the allocator serves, is reported to C alone; all else that is thrown, such as the free of
 * what is no live block or the use of a confined allocator by another thread, goes to the handler
 * too. What the handler throws is dropped, for there is no Java above to catch it. Blocks are
 * aligned as the allocator aligns, which is at least what C's malloc does: two pointers.
 *
 * <p><b>Life.</b> Kept from the garbage collector until it is closed, whether or not Java code
 * refers to it. C must not call after closing. JNA frees what it made for a function when this is
 * garbage and JNA makes another callback; until then the thread of its cleaner lives. The allocator
 * stays open. The sizes of the live blocks are kept on the Java heap, so closing finds what C did
 * not free.
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

  /** All that are open. */
  private static final Set<AllocatorCallbacks> OPEN = ConcurrentHashMap.newKeySet();

  /** Attaches a thread of C's own once, and not once a call. */
  private static final CallbackThreadInitializer ATTACH =
      new CallbackThreadInitializer(true, false, "allocator-callbacks");

  private final CallbackHeap heap;

  /** What was handed out, by its type. Guarded by this. */
  private final Map<Class<?>, Callback> functions = new HashMap<>();

  /**
   * SQLite's table of methods: seven functions and an argument for two of them. Null until it is
   * asked for. Guarded by this.
   */
  private @Nullable ScopeMemory sqliteMethods;

  private AllocatorCallbacks(CallbackHeap heap) {
    this.heap = heap;
  }

  /**
   * Hands an allocator to C.
   *
   * @param allocator what serves; shared, unless C calls from one thread alone
   * @param handler receives what is thrown; called on C's thread, so it must be quick, and must not
   *     call the library back
   * @return a new instance, to be closed when C is done with it
   * @throws IllegalArgumentException if the allocator's blocks are aligned to less than two
   *     pointers
   * @throws IllegalStateException if JNA is missing, older than 5.12, or cannot load its library
   */
  public static AllocatorCallbacks of(Allocator allocator, Consumer<? super Throwable> handler) {
    Objects.requireNonNull(handler);
    Jna.require();
    AlignedHeap.require64Bit(CallbackHeap.NAME);
    if (allocator.alignment() < CAllocator.mallocAlignment()) {
      throw new IllegalArgumentException(
          CallbackHeap.NAME
              + ": alignment is less than C's malloc has: alignment="
              + allocator.alignment()
              + ", limit="
              + CAllocator.mallocAlignment()
              + ", remedy=a stack whose block sizes are multiples of the limit");
    }
    CFunctions.bind();
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
    return function(CallbackSignatures.Malloc.class, heap::malloc);
  }

  /** {@return {@code void *calloc(size_t count, size_t size)}} */
  public Pointer callocFunction() {
    return function(CallbackSignatures.Calloc.class, heap::calloc);
  }

  /** {@return {@code void *realloc(void *block, size_t size)}; zero bytes free the block} */
  public Pointer reallocFunction() {
    return function(CallbackSignatures.Realloc.class, heap::realloc);
  }

  /** {@return {@code void free(void *block)}} */
  public Pointer freeFunction() {
    return function(CallbackSignatures.Free.class, heap::free);
  }

  /** {@return {@code size_t malloc_usable_size(void *block)}} */
  public Pointer usableSizeFunction() {
    return function(CallbackSignatures.UsableSize.class, heap::usableSize);
  }

  /** {@return {@code char *strdup(const char *text)}: libxml2, libcurl} */
  public Pointer strdupFunction() {
    return function(CallbackSignatures.Strdup.class, heap::strdup);
  }

  /**
   * {@return {@code void *aligned_alloc(size_t alignment, size_t size)}} Any power of two and any
   * size are served; the block is freed as any other is.
   */
  public Pointer alignedAllocFunction() {
    return function(CallbackSignatures.AlignedAlloc.class, heap::alignedAlloc);
  }

  /** {@return {@code int posix_memalign(void **result, size_t alignment, size_t size)}} */
  public Pointer posixMemalignFunction() {
    return function(CallbackSignatures.PosixMemalign.class, heap::posixMemalign);
  }

  /**
   * {@return {@code void *realloc(void *block, size_t oldSize, size_t newSize)}: GMP} A wrong old
   * size is reported to the handler, and nothing is done.
   */
  public Pointer sizedReallocFunction() {
    return function(CallbackSignatures.SizedRealloc.class, heap::realloc);
  }

  /**
   * {@return {@code void free(void *block, size_t size)}: GMP} A wrong size is reported to the
   * handler, and nothing is done.
   */
  public Pointer sizedFreeFunction() {
    return function(CallbackSignatures.SizedFree.class, heap::free);
  }

  /**
   * {@return {@code lua_Alloc}, {@code void *alloc(void *ud, void *block, size_t oldSize, size_t
   * newSize)}: Lua} Shrinking does not fail, as Lua demands.
   */
  public Pointer luaAllocFunction() {
    return function(
        CallbackSignatures.LuaAlloc.class,
        (userData, address, oldSize, newSize) ->
            // For a new block the old size is the kind of object.
            heap.realloc(address, oldSize, newSize));
  }

  /** {@return {@code void *malloc(size_t size, void *opaque)}: PCRE2} */
  public Pointer mallocOpaqueFunction() {
    return function(CallbackSignatures.MallocOpaque.class, (size, opaque) -> heap.malloc(size));
  }

  /** {@return {@code void free(void *block, void *opaque)}: PCRE2} */
  public Pointer freeOpaqueFunction() {
    return function(CallbackSignatures.FreeOpaque.class, (address, opaque) -> heap.free(address));
  }

  /** {@return {@code void *malloc(size_t size, const char *file, int line)}: OpenSSL} */
  public Pointer tracedMallocFunction() {
    return function(CallbackSignatures.TracedMalloc.class, (size, file, line) -> heap.malloc(size));
  }

  /**
   * {@return {@code void *realloc(void *block, size_t size, const char *file, int line)}: OpenSSL}
   */
  public Pointer tracedReallocFunction() {
    return function(
        CallbackSignatures.TracedRealloc.class,
        (address, size, file, line) -> heap.realloc(address, size));
  }

  /** {@return {@code void free(void *block, const char *file, int line)}: OpenSSL} */
  public Pointer tracedFreeFunction() {
    return function(
        CallbackSignatures.TracedFree.class, (address, file, line) -> heap.free(address));
  }

  /** {@return {@code void *malloc(void *opaque, size_t size)}} */
  public Pointer opaqueMallocFunction() {
    return function(CallbackSignatures.OpaqueMalloc.class, (opaque, size) -> heap.malloc(size));
  }

  /** {@return {@code void *calloc(void *opaque, size_t count, size_t size)}} */
  public Pointer opaqueCallocFunction() {
    return function(
        CallbackSignatures.OpaqueCalloc.class, (opaque, count, size) -> heap.calloc(count, size));
  }

  /** {@return {@code void *realloc(void *opaque, void *block, size_t size)}} */
  public Pointer opaqueReallocFunction() {
    return function(
        CallbackSignatures.OpaqueRealloc.class,
        (opaque, address, size) -> heap.realloc(address, size));
  }

  /** {@return {@code void free(void *opaque, void *block)}} */
  public Pointer opaqueFreeFunction() {
    return function(CallbackSignatures.OpaqueFree.class, (opaque, address) -> heap.free(address));
  }

  /**
   * {@return zlib's {@code alloc_func}, {@code void *zalloc(void *opaque, unsigned items, unsigned
   * size)}}
   */
  public Pointer zallocFunction() {
    // Not zeroed: zlib does not ask for that. Two unsigned ints multiply without overflow.
    return function(
        CallbackSignatures.Zalloc.class,
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
   * after that, give it back the methods that SQLITE_CONFIG_GETMALLOC returned before.
   */
  public synchronized Pointer sqliteMethods() {
    ScopeMemory table = sqliteMethods;
    if (table == null) {
      // Not JNA's Memory, which would start its cleaner's thread and keep it.
      long bytes = 8L * Native.POINTER_SIZE;
      table = ScopeMemory.ofC(bytes);
      if (!table.valid()) {
        throw AllocatorErrors.outOfMemory(CallbackHeap.NAME, bytes);
      }
      sqliteMethods = table;
    }
    Pointer[] methods = {
      function(
          CallbackSignatures.SqliteMalloc.class,
          size -> size <= 0 ? Allocator.NULL : heap.malloc(size)),
      freeFunction(),
      function(CallbackSignatures.SqliteRealloc.class, heap::realloc),
      function(CallbackSignatures.SqliteSize.class, address -> (int) heap.usableSize(address)),
      function(CallbackSignatures.SqliteRoundup.class, this::sqliteRoundup),
      function(CallbackSignatures.SqliteInit.class, this::sqliteInit),
      function(CallbackSignatures.SqliteShutdown.class, this::sqliteShutdown),
      Pointer.NULL
    };
    table.write(0, methods, 0, methods.length);
    return table;
  }

  // Bound to this object: a lambda that captures nothing lives for ever, and JNA's cleaner with it.

  private int sqliteRoundup(int size) {
    return size + 7 & -8;
  }

  private int sqliteInit(long appData) {
    return 0;
  }

  private void sqliteShutdown(long appData) {
    // There is nothing to end.
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
   * Ends the service; C must not call any more. Waits for calls in progress; so it must not be
   * called by the allocator. Closing twice is silent.
   *
   * @throws LeakException if C holds blocks still: all goes on, have C free them and close again
   */
  @Override
  public void close() {
    LeakException leaks = heap.close();
    if (leaks != null) {
      throw AllocatorEvents.leaked(CallbackHeap.NAME, leaks);
    }
    OPEN.remove(this);
    freeTable();
  }

  private synchronized void freeTable() {
    ScopeMemory table = sqliteMethods;
    sqliteMethods = null;
    if (table != null) {
      Native.free(Pointer.nativeValue(table));
      table.close();
    }
  }
}
