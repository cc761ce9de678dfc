package org.jallocator.ffm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jallocator.Allocator;
import org.jallocator.jna.AllocatorByteBuffers;
import org.jallocator.jna.AllocatorMemory;
import org.jallocator.jna.NativeScope;
import org.jallocator.stack.AllocatorStack;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The same bytes by JNA and by {@code java.lang.foreign}, without a copy. */
final class JnaInteropTest {

  private static final Function STRLEN =
      NativeLibrary.getInstance(Platform.C_LIBRARY_NAME).getFunction("strlen");

  private final AllocatorStack stack = AllocatorStack.open("@general");
  private final Allocator allocator = stack.allocator();

  @AfterEach
  void everythingIsFreed() {
    stack.close();
  }

  @Test
  void aSegmentIsAnArgumentOfAFunctionCalledThroughJna() {
    try (AllocatorArena arena = AllocatorArena.ofConfined(allocator)) {
      MemorySegment text = arena.uninitialized().allocateFrom("seven..");
      Pointer pointer = new Pointer(text.address());
      assertEquals(7, STRLEN.invokeInt(new Object[] {pointer}));
      pointer.setByte(3, (byte) 0);
      assertEquals("sev", text.getString(0));
    }
  }

  @Test
  void aMemoryOfJnaIsSeenAsASegmentAndNotFreedByIt() {
    try (AllocatorMemory memory = AllocatorMemory.malloc(allocator, 24)) {
      try (AllocatorArena arena = AllocatorArena.ofConfined(allocator)) {
        MemorySegment view = arena.view(Pointer.nativeValue(memory), memory.size());
        view.set(JAVA_LONG, 16, 42);
        assertEquals(42, memory.getLong(16));
      }
      assertEquals(42, memory.getLong(16));
    }
  }

  @Test
  void aMemoryOfJnaIsHandedOverToAnArena() {
    AllocatorMemory memory = AllocatorMemory.zeroed(allocator, 24);
    memory.setInt(4, 7);
    long size = memory.size();
    try (AllocatorArena arena = AllocatorArena.ofShared(allocator)) {
      MemorySegment segment = arena.adopt(memory.release(), size);
      assertEquals(7, segment.get(JAVA_INT, 4));
      assertEquals(1, allocator.stats().liveBlocks());
    }
    assertEquals(0, allocator.stats().liveBlocks());
  }

  @Test
  void aScopeOfJnaAndAnArenaShareAStack() {
    try (NativeScope scope = NativeScope.open(allocator);
        AllocatorArena arena = AllocatorArena.ofConfined(allocator)) {
      MemorySegment inScope =
          arena.view(
              Pointer.nativeValue(scope.string("in the scope")), "in the scope".length() + 1);
      assertEquals("in the scope", inScope.getString(0));
    }
  }

  @Test
  void aBufferIsASegmentAndASegmentABuffer() {
    AllocatorByteBuffers buffers = AllocatorByteBuffers.over(allocator);
    ByteBuffer buffer = buffers.malloc(16);
    MemorySegment.ofBuffer(buffer).set(JAVA_BYTE, 5, (byte) 9);
    assertEquals(9, buffer.get(5));
    try (AllocatorArena arena = AllocatorArena.ofConfined(allocator)) {
      MemorySegment segment = arena.allocate(16);
      ByteBuffer seen = segment.asByteBuffer().order(ByteOrder.nativeOrder());
      seen.putInt(4, 11);
      assertEquals(11, segment.get(JAVA_INT, 4));
    }
    buffers.free(buffer);
  }
}
