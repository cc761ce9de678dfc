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
import org.jallocator.spi.Failures;
import org.jallocator.spi.NativeAccess;
import org.jallocator.spi.StackChecked;
import org.jallocator.spi.StackRoom;

/**
 * Netty's direct buffers from any shared {@link Allocator}.
 *
 * <pre>{@code
 * ByteBufAllocator buffers = StackByteBufAllocator.over(stack.allocator());
 * bootstrap.option(ChannelOption.ALLOCATOR, buffers).childOption(ChannelOption.ALLOCATOR, buffers);
 * }</pre>
 *
 * <p>Each direct buffer is one block, taken when the buffer is made. A change of the capacity takes
 * a new block and frees the old one. The thread that releases the last reference frees the block.
 * {@link #buffer} and {@link #ioBuffer} are direct. Heap buffers are plain arrays.
 *
 * <p>A buffer that is not released is a leak, which the stack reports at closing. With {@code
 * tracked(...)} in the stack, the report has the line that took the buffer. Netty's own leak
 * detector works as well, at the level of {@code io.netty.leakDetection.level}.
 *
 * <p>No Unsafe and nothing internal of Netty is used. Buffers have a memory address, for native
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

  /** For {@link #over}, and for tests with an access of their own. */
  StackByteBufAllocator(Allocator allocator, NativeAccess access) {
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
   * @throws IllegalArgumentException if the allocator is not shared: Netty may release a buffer on
   *     another thread than the one that took it
   * @throws IllegalStateException if allocator-jna is missing
   * @throws NullPointerException if the allocator is null
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
      freeAfter(t, address, capacity);
      throw t;
    }
  }

  /**
   * Frees a block that a throwable leaves without a buffer; that suppresses what the free throws.
   */
  void freeAfter(Throwable thrown, long address, int capacity) {
    try {
      free(address, capacity);
    } catch (RuntimeException | Error e) {
      Failures.join(thrown, e);
    }
  }

  /** {@return whether a free that threw has taken nothing} */
  boolean tookNothing(Throwable thrown) {
    return StackChecked.tookNothing(allocator, thrown);
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
    StackRoom.requireAboveStack();
    StackByteBuf buffer = new StackByteBuf(this, initialCapacity, maxCapacity);
    try {
      return toLeakAwareBuffer(buffer);
    } catch (Throwable t) { // a full Java heap
      buffer.discardAfter(t);
      throw t;
    }
  }

  /** {@return a new buffer with some bytes of another one} */
  ByteBuf copy(StackByteBuf source, int index, int length) {
    StackRoom.requireAboveStack();
    StackByteBuf buffer = new StackByteBuf(this, length, source.maxCapacity());
    try {
      buffer.writeBytes(source, index, length);
      return toLeakAwareBuffer(buffer);
    } catch (Throwable t) { // a full Java heap, or a full stack
      buffer.discardAfter(t);
      throw t;
    }
  }

  /** {@return a direct buffer, even if Netty is set to prefer the Java heap} */
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

  /** {@return true: a caller that needs many small direct buffers need not pool them itself} */
  @Override
  public boolean isDirectBufferPooled() {
    return true;
  }

  /** {@return the allocator that serves the direct buffers} */
  public Allocator allocator() {
    return allocator;
  }

  /**
   * {@return the figures for Netty's metrics, in bytes} {@code usedDirectMemory} is what the
   * allocator has reserved, as in Netty's pooled allocator, or 0 if the allocator keeps no books.
   * {@link Allocator#stats} has the live bytes. Shared; may block if the allocator's {@code stats}
   * does.
   */
  @Override
  public ByteBufAllocatorMetric metric() {
    return metric;
  }

  /** {@return the allocator that serves the direct buffers, and the figures of {@link #metric}} */
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
