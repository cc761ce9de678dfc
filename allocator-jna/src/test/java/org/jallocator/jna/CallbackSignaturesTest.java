package org.jallocator.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Function;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.util.ArrayList;
import java.util.List;
import org.jallocator.InvalidFreeException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The functions for C, called as C calls them. */
final class CallbackSignaturesTest {

  private final List<Throwable> told = new ArrayList<>();
  private final RealMemory real = RealMemory.shared();
  private final AllocatorCallbacks callbacks = AllocatorCallbacks.of(real, told::add);

  @AfterEach
  void nothingIsLeft() {
    callbacks.close();
    assertEquals(0, real.liveBlocks());
  }

  private static long call(Pointer function, Object... arguments) {
    return Function.getFunction(function).invokeLong(arguments);
  }

  private void free(long address) {
    call(callbacks.freeFunction(), address);
  }

  @Test
  void strdupCopiesTextAndItsTerminator() {
    for (String text : List.of("", "a", "some text")) {
      Pointer source = NativeCopy.string(real, text, java.nio.charset.StandardCharsets.UTF_8);
      long copy = call(callbacks.strdupFunction(), source);
      assertEquals(text, new Pointer(copy).getString(0));
      assertEquals(text.length() + 1, callbacks.liveBytes());
      free(copy);
      real.free(Pointer.nativeValue(source));
    }
    assertEquals(0, call(callbacks.strdupFunction(), Pointer.NULL));
    assertEquals(List.of(), told);
  }

  @Test
  void alignedBlocksAreAlignedAndFreedAsAnyOther() {
    for (long alignment = 1; alignment <= 1 << 16; alignment *= 2) {
      for (long size : new long[] {0, 1, 100, 5000}) {
        long address = call(callbacks.alignedAllocFunction(), alignment, size);
        assertNotEquals(0, address);
        assertEquals(0, address % alignment);
        new Pointer(address).setMemory(0, size, (byte) 1);
        assertEquals(Math.max(1, size), call(callbacks.usableSizeFunction(), address));
        if (size == 100) {
          address = call(callbacks.reallocFunction(), address, 300L);
          assertEquals(1, new Pointer(address).getByte(99));
        }
        free(address);
        assertEquals(0, callbacks.liveBlocks());
        assertEquals(0, real.liveBlocks());
      }
    }
    for (long alignment : new long[] {0, 3, -8}) {
      assertEquals(0, call(callbacks.alignedAllocFunction(), alignment, 8L));
    }
    assertEquals(0, call(callbacks.alignedAllocFunction(), 64L, Long.MAX_VALUE));
    assertEquals(0, call(callbacks.alignedAllocFunction(), 64L, -1L));
    assertEquals(List.of(), told);
  }

  @Test
  void posixMemalignAnswersByItsNumber() {
    try (NativeScope scope = NativeScope.open(new DefaultAllocator())) {
      Pointer result = scope.zeroed(Native.POINTER_SIZE);
      Function memalign = Function.getFunction(callbacks.posixMemalignFunction());
      assertEquals(0, memalign.invokeInt(new Object[] {result, 4096L, 10L}));
      assertEquals(0, result.getLong(0) % 4096);
      free(result.getLong(0));
      result.setLong(0, 77);
      assertEquals(22, memalign.invokeInt(new Object[] {result, 4L, 10L}));
      assertEquals(22, memalign.invokeInt(new Object[] {result, 24L, 10L}));
      assertEquals(12, memalign.invokeInt(new Object[] {result, 64L, -1L}));
      assertEquals(77, result.getLong(0));
    }
  }

  @Test
  void sizesThatAreNotTheBlocksAreToldAndNothingIsDone() {
    long address = call(callbacks.mallocFunction(), 10L);
    call(callbacks.sizedFreeFunction(), address, 11L);
    assertEquals(0, call(callbacks.sizedReallocFunction(), address, 9L, 20L));
    assertEquals(2, told.size());
    for (Throwable error : told) {
      assertEquals(
          InvalidFreeException.Reason.SIZE_MISMATCH, ((InvalidFreeException) error).reason());
    }
    assertEquals(1, callbacks.liveBlocks());
    long moved = call(callbacks.sizedReallocFunction(), address, 10L, 1000L);
    call(callbacks.sizedFreeFunction(), moved, 1000L);
    call(callbacks.sizedFreeFunction(), 0L, 0L);
    assertEquals(0, callbacks.liveBlocks());
    assertEquals(2, told.size());
  }

  /** Lua and GMP say the last size that they asked for, wherever the block lies. */
  @Test
  void aBlockThatWasShrunkInItsPlaceIsFreedByItsNewSize() {
    for (long size : new long[] {127, 100, 65, 64, 10, 1}) {
      for (long alignment : new long[] {16, 64}) {
        long address = call(callbacks.alignedAllocFunction(), alignment, 128L);
        long shrunk = call(callbacks.sizedReallocFunction(), address, 128L, size);
        assertEquals(size, callbacks.liveBytes());
        assertEquals(size, call(callbacks.usableSizeFunction(), shrunk));
        call(callbacks.sizedFreeFunction(), shrunk, size);
        assertEquals(0, callbacks.liveBlocks());
      }
    }
    assertEquals(List.of(), told);
  }

  @Test
  void luasOneFunctionDoesAllFour() {
    Pointer lua = callbacks.luaAllocFunction();
    assertEquals(0, call(lua, 0L, 0L, 5L, 0L));
    assertEquals(0, callbacks.liveBlocks());
    long address = call(lua, 0L, 0L, 5L, 100L); // 5: the kind of object
    assertEquals(100, callbacks.liveBytes());
    new Pointer(address).setLong(0, 42);
    address = call(lua, 0L, address, 100L, 400L);
    address = call(lua, 0L, address, 400L, 8L);
    assertEquals(42, new Pointer(address).getLong(0));
    assertEquals(0, call(lua, 0L, address, callbacks.liveBytes(), 0L));
    assertEquals(0, callbacks.liveBlocks());
    assertEquals(List.of(), told);
  }

  @Test
  void opaqueArgumentsFilesAndLinesAreIgnored() {
    long address = call(callbacks.mallocOpaqueFunction(), 10L, 99L);
    call(callbacks.freeOpaqueFunction(), address, 99L);
    address = call(callbacks.tracedMallocFunction(), 10L, 0L, 7);
    address = call(callbacks.tracedReallocFunction(), address, 20L, 0L, 8);
    assertEquals(20, callbacks.liveBytes());
    call(callbacks.tracedFreeFunction(), address, 0L, 9);
    assertEquals(0, callbacks.liveBlocks());
    assertEquals(List.of(), told);
  }

  @Test
  void aBlockWhoseFreeWasRefusedIsHeldAndAfterAnyOtherErrorItIsNot() {
    for (RuntimeException error :
        List.of(
            new IllegalStateException("refused"),
            new IllegalArgumentException("refused"),
            new UnsupportedOperationException("unknown"))) {
      boolean refused = !(error instanceof UnsupportedOperationException);
      var failing = new FreeFails(error);
      List<Throwable> errors = new ArrayList<>();
      AllocatorCallbacks onFailing = AllocatorCallbacks.of(failing, errors::add);
      for (long alignment : new long[] {16, 64}) {
        long address = call(onFailing.alignedAllocFunction(), alignment, 10L);
        failing.fails = true;
        call(onFailing.freeFunction(), address);
        failing.fails = false;
        assertEquals(refused ? 1 : 0, onFailing.liveBlocks());
        call(onFailing.freeFunction(), address);
        assertEquals(0, onFailing.liveBlocks());
        assertEquals(refused ? 1 : 2, errors.size());
        errors.clear();
      }
      onFailing.close();
    }
  }

  /** Forwards to C, and fails where it is told to. */
  private static final class FreeFails implements org.jallocator.Allocator {

    private final DefaultAllocator c = new DefaultAllocator();
    private final RuntimeException error;
    private boolean fails;

    FreeFails(RuntimeException error) {
      this.error = error;
    }

    @Override
    public long malloc(long size) {
      return c.malloc(size);
    }

    @Override
    public long tryMalloc(long size) {
      return c.tryMalloc(size);
    }

    @Override
    public void free(long address) {
      if (fails) {
        throw error;
      }
      c.free(address);
    }

    @Override
    public void free(long address, long size) {
      free(address);
    }

    @Override
    public long maxSize() {
      return c.maxSize();
    }

    @Override
    public long alignment() {
      return c.alignment();
    }

    @Override
    public boolean isShared() {
      return true;
    }

    @Override
    public org.jallocator.AllocatorStats stats() {
      return c.stats();
    }

    @Override
    public void close() {
      c.close();
    }
  }

  @Test
  void everyFunctionAnswersNullIfThereIsNoMemory() {
    try (AllocatorCallbacks none = AllocatorCallbacks.of(new DefaultAllocator(), told::add)) {
      assertEquals(0, call(none.alignedAllocFunction(), 64L, Long.MAX_VALUE - 1000));
      assertEquals(0, call(none.luaAllocFunction(), 0L, 0L, 0L, -5L));
      assertEquals(0, call(none.tracedMallocFunction(), -1L, 0L, 0));
    }
    assertTrue(told.isEmpty(), told::toString);
  }
}
