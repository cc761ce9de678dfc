package org.jallocator.netty;

import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.concurrent.TimeUnit;
import org.jallocator.stack.AllocatorStack;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A direct buffer that is taken, written to once, and released by the same thread: from the
 * general-purpose stack, and from Netty's allocators, which are told to keep a cache for every
 * thread, as they do for event loops.
 *
 * <p>Unfair to the others: a buffer that is released at once is the stack's best case.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "--enable-native-access=ALL-UNNAMED",
      "-Dio.netty.leakDetection.level=disabled"
    })
@Warmup(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@SuppressWarnings({"exports", "NullAway.Init"})
public class NettyBenchmark {

  private static final int PAGE = 8192;
  private static final int MAX_ORDER = 9;
  private static final int ARENAS = 2;

  /** In bytes. */
  @Param({"64", "1024", "16384", "262144", "1048576"})
  public int size;

  /** Whose buffers. */
  @Param({"stack", "pooled", "adaptive", "unpooled"})
  public String allocator;

  private final AllocatorStack stack = AllocatorStack.open("@general");
  private ByteBufAllocator buffers;

  /** Made by JMH. */
  public NettyBenchmark() {}

  /** Makes the allocator. */
  @Setup
  public void setUp() {
    buffers =
        switch (allocator) {
          case "stack" -> StackByteBufAllocator.over(stack.allocator());
          case "pooled" ->
              new PooledByteBufAllocator(true, ARENAS, ARENAS, PAGE, MAX_ORDER, 256, 64, true);
          case "adaptive" -> new AdaptiveByteBufAllocator(true, true);
          default -> new UnpooledByteBufAllocator(true);
        };
  }

  /** Closes the stack, which finds leaks. */
  @TearDown
  public void tearDown() {
    stack.close();
  }

  /**
   * Takes and releases.
   *
   * @return what the release returned
   */
  @Benchmark
  public boolean takeAndRelease() {
    ByteBuf buffer = buffers.directBuffer(size);
    buffer.writeLong(size);
    return buffer.release();
  }
}
