package org.jallocator.netty;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocatorMetric;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.netty.buffer.CompositeByteBuf;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ServiceLoader;
import java.util.concurrent.atomic.LongAdder;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.spi.NativeAccess;

/**
 * Netty's direct buffers from any shared {@link Allocator}.
 *
 * <pre>{@code
 * ByteBufAllocator buffers = StackByteBufAllocator.over(stack.allocator());
 * bootstrap.option(ChannelOption.ALLOCATOR, buffers).childOption(ChannelOption.ALLOCATOR, buffers);
 * }</pre>
 *
 * <p>Each direct buffer is one block, taken at its making and at each change of its capacity, and
 * freed with its last reference, by whichever thread releases that. {@link #buffer} and {@link
 * #ioBuffer} are direct. Heap buffers are plain arrays.
 *
 * <p>A buffer that is not released is a leak that the stack reports at closing; with {@code
 * tracked(...)} in the stack, with the line that took it. Netty's own leak detector works beside
 * it, at the level that {@code io.netty.leakDetection.level} says.
 *
 * <p>No Unsafe is used, and nothing internal of Netty's. Memory addresses are there for native
 * transports and TLS ({@link ByteBuf#hasMemoryAddress}).
 *
 * <p>{@link io.netty.buffer.ByteBufAllocator#DEFAULT} cannot be replaced: code that asks for it, or
 * for {@code Unpooled}, takes no memory from here.
 *
 * <p>Shared, never blocks unless the allocator does.
 */
public final class StackByteBufAllocator extends AbstractByteBufAllocator
    implements ByteBufAllocatorMetricProvider {

  private final Allocator allocator;
  private final NativeAccess access;
  private final LongAdder heapBytes = new LongAdder();
  private final Metric metric = new Metric();

  private StackByteBufAllocator(Allocator allocator, NativeAccess access) {
    super(true);
    this.allocator = allocator;
    this.access = access;
  }

  /**
   * Makes Netty's allocator from a stack's. Takes no memory yet. There is nothing to close.
   *
   * @param allocator where the blocks of direct buffers come from, and go back to; stays open, and
   *     must stay so until all buffers are released
   * @return a new allocator
   * @throws IllegalArgumentException if the allocator is not shared: Netty releases buffers on
   *     other threads than those that took them
   * @throws IllegalStateException if allocator-jna is missing
   */
  public static StackByteBufAllocator over(Allocator allocator) {
    if (!allocator.isShared()) {
      throw new IllegalArgumentException(
          "Netty needs a shared allocator: isShared=false, remedy=shared=true");
    }
    return new StackByteBufAllocator(allocator, findAccess());
  }

  private static NativeAccess findAccess() {
    ClassLoader own = StackByteBufAllocator.class.getClassLoader();
    return ServiceLoader.load(NativeAccess.class, own)
        .findFirst()
        .or(() -> ServiceLoader.load(NativeAccess.class).findFirst())
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "nothing here makes buffers on native memory:"
                        + " service=org.jallocator.spi.NativeAccess, remedy=add allocator-jna"));
  }

  /** {@return the address of a new block, of one byte for a capacity of 0} */
  long malloc(int capacity) {
    return allocator.malloc(Math.max(capacity, 1));
  }

  /** Frees the block of a buffer of that capacity. */
  void free(long address, int capacity) {
    allocator.free(address, Math.max(capacity, 1));
  }

  /** {@return a buffer on a block, in network order} If there is none, the block is freed. */
  ByteBuffer view(long address, int capacity) {
    try {
      return access.buffer(address, capacity).order(ByteOrder.BIG_ENDIAN);
    } catch (Throwable t) { // a full Java heap, or a full stack
      try {
        free(address, capacity);
      } catch (RuntimeException | Error e) {
        t.addSuppressed(e);
      }
      throw t;
    }
  }

  void countHeap(int bytes) {
    heapBytes.add(bytes);
  }

  @Override
  protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
    return new CountedHeapByteBuf(this, initialCapacity, maxCapacity);
  }

  @Override
  protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
    ByteBuf buffer = new StackByteBuf(this, initialCapacity, maxCapacity);
    try {
      return toLeakAwareBuffer(buffer);
    } catch (Throwable t) { // a full Java heap
      buffer.release();
      throw t;
    }
  }

  /** {@return a direct buffer, also where Netty by itself prefers the Java heap} */
  @Override
  public ByteBuf buffer() {
    return directBuffer();
  }

  @Override
  public ByteBuf buffer(int initialCapacity) {
    return directBuffer(initialCapacity);
  }

  @Override
  public ByteBuf buffer(int initialCapacity, int maxCapacity) {
    return directBuffer(initialCapacity, maxCapacity);
  }

  @Override
  public CompositeByteBuf compositeBuffer() {
    return compositeDirectBuffer();
  }

  @Override
  public CompositeByteBuf compositeBuffer(int maxNumComponents) {
    return compositeDirectBuffer(maxNumComponents);
  }

  /** {@return true: what takes many small direct buffers need not keep its own} */
  @Override
  public boolean isDirectBufferPooled() {
    return true;
  }

  /** {@return the allocator that this one stands on} */
  public Allocator allocator() {
    return allocator;
  }

  /**
   * {@return the figures that Netty's metrics ask for} {@code usedDirectMemory} is what the
   * allocator has reserved, as that of Netty's pooled allocator is: for what is live ask {@link
   * Allocator#stats}. It is 0 if the allocator keeps no books.
   */
  @Override
  public ByteBufAllocatorMetric metric() {
    return metric;
  }

  @Override
  public String toString() {
    return "StackByteBufAllocator(" + allocator + ", " + metric + ")";
  }

  private final class Metric implements ByteBufAllocatorMetric {

    @Override
    public long usedHeapMemory() {
      return heapBytes.sum();
    }

    @Override
    public long usedDirectMemory() {
      AllocatorStats stats = allocator.stats();
      return stats.isTracked() ? stats.reservedBytes() : 0;
    }

    @Override
    public String toString() {
      return "usedHeapMemory: " + usedHeapMemory() + "; usedDirectMemory: " + usedDirectMemory();
    }
  }
}
