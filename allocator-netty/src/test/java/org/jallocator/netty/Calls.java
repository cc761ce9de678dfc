package org.jallocator.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.util.internal.PlatformDependent;
import org.jallocator.Allocator;

/** How many calls the proofs make, and what shows that their memory was a stack's. */
final class Calls {

  private final long platform = PlatformDependent.usedDirectMemory();
  private final long byDefault = used(ByteBufAllocator.DEFAULT);
  private final long pooled = used(PooledByteBufAllocator.DEFAULT);
  private final long unpooled = used(UnpooledByteBufAllocator.DEFAULT);

  /** {@return the system property {@code netty.calls}, or a thousand} */
  static int count() {
    return Integer.getInteger("netty.calls", 1000);
  }

  private static long used(ByteBufAllocator allocator) {
    return ((ByteBufAllocatorMetricProvider) allocator).metric().usedDirectMemory();
  }

  /** Checks that Netty's own allocators have served no direct memory since this was made. */
  void assertNothingFromNetty() {
    assertEquals(byDefault, used(ByteBufAllocator.DEFAULT), "ByteBufAllocator.DEFAULT");
    assertEquals(pooled, used(PooledByteBufAllocator.DEFAULT), "PooledByteBufAllocator.DEFAULT");
    assertEquals(unpooled, used(UnpooledByteBufAllocator.DEFAULT), "Unpooled");
    assertEquals(platform, PlatformDependent.usedDirectMemory(), "PlatformDependent");
  }

  /** Checks that a stack has served, and has everything back. */
  static void assertServedAndFreed(Allocator allocator) {
    assertTrue(allocator.stats().peakReservedBytes() > 0, "the stack served nothing");
    assertEquals(0, allocator.stats().liveBlocks());
  }
}
