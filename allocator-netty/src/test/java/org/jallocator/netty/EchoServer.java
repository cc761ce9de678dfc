package org.jallocator.netty;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.LengthFieldPrepender;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jallocator.stack.AllocatorStack;

/** An echo server and a client on the loopback interface, all of their direct buffers a stack's. */
@SuppressWarnings("try") // closing waits, and so may be interrupted
final class EchoServer implements AutoCloseable {

  private static final int MAX_FRAME = 1 << 20;
  private static final int LENGTH_BYTES = 4;
  private static final int MINUTES = 9;

  private final ByteBufAllocator buffers;
  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(2, NioIoHandler.newFactory());
  private final Channel server;

  EchoServer(ByteBufAllocator buffers) throws InterruptedException {
    this.buffers = buffers;
    server =
        new ServerBootstrap()
            .group(loops)
            .channel(NioServerSocketChannel.class)
            .option(ChannelOption.ALLOCATOR, buffers)
            .childOption(ChannelOption.ALLOCATOR, buffers)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    channel.pipeline().addLast(new Echo());
                  }
                })
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .sync()
            .channel();
  }

  /** Sends back what comes, as it comes. */
  @SuppressWarnings("FutureReturnValueIgnored") // a void promise: failures go to the pipeline
  private static final class Echo extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      context.writeAndFlush(message, context.voidPromise());
    }
  }

  /**
   * Sends frames of many sizes, each after the answer to the one before.
   *
   * @throws AssertionError if an answer is not what was sent
   */
  void call(int times) throws InterruptedException {
    CountDownLatch done = new CountDownLatch(1);
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Channel client =
        new Bootstrap()
            .group(loops)
            .channel(NioSocketChannel.class)
            .option(ChannelOption.ALLOCATOR, buffers)
            .handler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    channel
                        .pipeline()
                        .addLast(
                            new LengthFieldPrepender(LENGTH_BYTES),
                            new LengthFieldBasedFrameDecoder(
                                MAX_FRAME, 0, LENGTH_BYTES, 0, LENGTH_BYTES),
                            new Client(times, done, failure));
                  }
                })
            .connect(server.localAddress())
            .sync()
            .channel();
    boolean finished = done.await(MINUTES, TimeUnit.MINUTES);
    client.close().sync();
    Throwable thrown = failure.get();
    if (thrown != null) {
      throw new AssertionError(thrown);
    }
    if (!finished) {
      throw new AssertionError("calls did not end: times=" + times);
    }
  }

  @SuppressWarnings("FutureReturnValueIgnored") // a void promise: failures go to the pipeline
  private static final class Client extends SimpleChannelInboundHandler<ByteBuf> {
    private final int times;
    private final CountDownLatch done;
    private final AtomicReference<Throwable> failure;
    private int sent;

    Client(int times, CountDownLatch done, AtomicReference<Throwable> failure) {
      this.times = times;
      this.done = done;
      this.failure = failure;
    }

    /** {@return the size of a frame: mostly small, some of them large} */
    private static int size(int call) {
      return 8 + (call % 100 == 0 ? call % 50_000 : call % 700);
    }

    private void send(ChannelHandlerContext context) {
      ByteBuf frame = context.alloc().buffer(size(sent));
      frame.writeLong(sent).writeZero(size(sent) - 8);
      context.writeAndFlush(frame, context.voidPromise());
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
      send(context);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, ByteBuf frame) {
      if (frame.readableBytes() != size(sent) || frame.readLong() != sent) {
        throw new AssertionError("answer is not what was sent: call=" + sent);
      }
      sent++;
      if (sent < times) {
        send(context);
      } else {
        done.countDown();
      }
    }

    @Override
    @SuppressWarnings("deprecation") // the method is not, for a handler of what comes in
    public void exceptionCaught(ChannelHandlerContext context, Throwable thrown) {
      failure.compareAndSet(null, thrown);
      done.countDown();
    }
  }

  @Override
  public void close() throws InterruptedException {
    server.close().sync();
    loops.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
  }

  /** Runs it over the stack that {@code -Dallocator.stack} says, or {@code @general}. */
  public static void main(String... args) throws InterruptedException {
    try (AllocatorStack stack =
        AllocatorStack.open(System.getProperty("allocator.stack", "@general"))) {
      try (EchoServer server = new EchoServer(StackByteBufAllocator.over(stack.allocator()))) {
        server.call(Calls.count());
        System.out.print(stack.describe());
      }
    }
  }
}
