package org.jallocator.bench.contenders;

import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.function.IntFunction;
import org.jallocator.Allocator;
import org.jallocator.bench.run.StandingThreads;
import org.jallocator.stack.AllocatorStack;
import org.lwjgl.system.rpmalloc.RPmalloc;

/**
 * What the {@code threads} command measures: a stack of ours, or a peer, each called as those who
 * use it for speed would.
 *
 * <ul>
 *   <li>A stack is called by {@code malloc(size)} and {@code free(address)}.
 *   <li>LWJGL's bindings are called by their unchecked methods on addresses, which cost one JNI
 *       crossing each; a thread tells rpmalloc that it begins and ends.
 *   <li>Netty's allocators hand out direct {@code ByteBuf}s. Its threads are {@link
 *       FastThreadLocalThread}s, as its event loops are, and its leak detection, which samples, is
 *       off. A {@code ByteBuf} is more than an address: it counts references and knows its bounds,
 *       and its users pay for that here.
 * </ul>
 *
 * @param threads makes the platform threads that its users would use
 * @param standing the same, for threads that live as long as the contender
 * @param blocks makes places for blocks
 * @param closing gives back what is held, which finds blocks that were not freed, if the contender
 *     keeps books
 */
public record Contender(
    ThreadFactory threads, StandingThreads standing, IntFunction<Blocks> blocks, Runnable closing)
    implements AutoCloseable {

  public static final String RPMALLOC = "lwjgl-rpmalloc";
  public static final String JEMALLOC = "lwjgl-jemalloc";
  public static final String NETTY_POOLED = "netty-pooled";
  public static final String NETTY_ADAPTIVE = "netty-adaptive";

  /** The names of the peers. */
  public static final List<String> PEERS =
      List.of(RPMALLOC, JEMALLOC, NETTY_POOLED, NETTY_ADAPTIVE);

  public Contender(ThreadFactory threads, IntFunction<Blocks> blocks, Runnable closing) {
    this(threads, new StandingThreads(threads), blocks, closing);
  }

  /**
   * Opens a peer or a stack.
   *
   * @param name the name of a peer, or the expression of a stack
   */
  public static Contender open(String name) {
    return switch (name) {
      case RPMALLOC -> rpmalloc();
      case JEMALLOC -> new Contender(Thread::new, addresses(new JemallocPeer()), () -> {});
      case NETTY_POOLED -> netty(new PooledByteBufAllocator(true));
      case NETTY_ADAPTIVE -> netty(new AdaptiveByteBufAllocator(true));
      default -> of(AllocatorStack.open(name));
    };
  }

  /** {@return a contender that uses a stack, and closes it} */
  public static Contender of(AllocatorStack stack) {
    return new Contender(Thread::new, addresses(stack.allocator()), stack::close);
  }

  private static IntFunction<Blocks> addresses(Allocator allocator) {
    return slots -> new AddressBlocks(allocator, slots);
  }

  private static Contender rpmalloc() {
    RPmalloc.rpmalloc_initialize(null);
    return new Contender(
        work ->
            new Thread(
                () -> {
                  RPmalloc.rpmalloc_thread_initialize();
                  try {
                    work.run();
                  } finally {
                    RPmalloc.rpmalloc_thread_finalize();
                  }
                }),
        addresses(new RpmallocPeer()),
        () -> {});
  }

  private static Contender netty(ByteBufAllocator allocator) {
    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
    return new Contender(
        FastThreadLocalThread::new, slots -> new ByteBufBlocks(allocator, slots), () -> {});
  }

  @Override
  public void close() {
    standing.close();
    closing.run();
  }
}
