package org.jallocator.netty;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jallocator.LeakException;
import org.jallocator.stack.AllocatorStack;
import org.junit.jupiter.api.Test;

final class TrackedLeakTest {

  private static ByteBuf leak(ByteBufAllocator buffers) {
    return buffers.directBuffer(64);
  }

  @Test
  void aTrackedStackHasTheLineThatTookTheBufferNobodyReleased() {
    try (AllocatorStack stack = AllocatorStack.open("tracked(@general)")) {
      ByteBuf leaked = leak(StackByteBufAllocator.over(stack.allocator()));
      String message = String.valueOf(assertThrows(LeakException.class, stack::close).getMessage());
      assertTrue(message.contains("TrackedLeakTest.leak(TrackedLeakTest.java:"), message);
      leaked.release();
    }
  }
}
