package org.jallocator.netty;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jallocator.stack.AllocatorStack;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whole servers over a stack: {@code -Pproof} makes 100,000 calls of each. */
@SuppressWarnings("try") // closing waits, and so may be interrupted
final class ServersTest {

  @Test
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void anEchoServerTakesEveryDirectBufferFromAStackAndGivesItBack() throws InterruptedException {
    try (AllocatorStack stack = AllocatorStack.open("@general")) {
      Calls calls = new Calls();
      try (EchoServer server = new EchoServer(StackByteBufAllocator.over(stack.allocator()))) {
        server.call(Calls.count());
        calls.assertNothingFromNetty();
      }
      Calls.assertServedAndFreed(stack.allocator());
    }
  }

  @Test
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void aGrpcServiceTakesEveryDirectBufferFromAStackAndGivesItBack()
      throws IOException, InterruptedException {
    try (AllocatorStack stack = AllocatorStack.open("@general")) {
      try (GrpcEcho service = new GrpcEcho(StackByteBufAllocator.over(stack.allocator()))) {
        service.call(1); // Netty's classes for HTTP/2 take some 300 bytes for constants
        Calls calls = new Calls();
        service.call(Calls.count());
        calls.assertNothingFromNetty();
      }
      waitForRelease(stack);
      Calls.assertServedAndFreed(stack.allocator());
    }
  }

  /** gRPC's event loops are shared by the process, and release what is left a moment later. */
  private static void waitForRelease(AllocatorStack stack) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (stack.allocator().stats().liveBlocks() > 0 && System.nanoTime() < end) {
      Thread.sleep(10);
    }
  }
}
