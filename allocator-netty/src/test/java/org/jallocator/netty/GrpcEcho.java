package org.jallocator.netty;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelOption;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/** A gRPC service that answers what it is asked, and a client, on buffers of an allocator. */
@SuppressWarnings("try") // closing waits, and so may be interrupted
final class GrpcEcho implements AutoCloseable {

  private static final MethodDescriptor<byte[], byte[]> ECHO =
      MethodDescriptor.<byte[], byte[]>newBuilder()
          .setType(MethodType.UNARY)
          .setFullMethodName("jallocator.Echo/Echo")
          .setRequestMarshaller(new Bytes())
          .setResponseMarshaller(new Bytes())
          .build();

  private final Server server;
  private final ManagedChannel channel;

  GrpcEcho(ByteBufAllocator buffers) throws IOException {
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .withOption(ChannelOption.ALLOCATOR, buffers)
            .withChildOption(ChannelOption.ALLOCATOR, buffers)
            .addService(
                ServerServiceDefinition.builder("jallocator.Echo")
                    .addMethod(
                        ECHO,
                        ServerCalls.asyncUnaryCall(
                            (request, answers) -> {
                              answers.onNext(request);
                              answers.onCompleted();
                            }))
                    .build())
            .build()
            .start();
    channel =
        NettyChannelBuilder.forAddress("localhost", server.getPort())
            .withOption(ChannelOption.ALLOCATOR, buffers)
            .usePlaintext()
            .build();
  }

  /** The message is its bytes. */
  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /**
   * Makes calls one after another, with messages of many sizes.
   *
   * @throws AssertionError if an answer is not what was asked
   */
  void call(int times) {
    for (int i = 0; i < times; i++) {
      byte[] message = new byte[i % 100 == 0 ? i % 50_000 : i % 700];
      Arrays.fill(message, (byte) i);
      byte[] answer = ClientCalls.blockingUnaryCall(channel, ECHO, CallOptions.DEFAULT, message);
      if (!Arrays.equals(message, answer)) {
        throw new AssertionError("answer is not what was asked: call=" + i);
      }
    }
  }

  @Override
  public void close() throws InterruptedException {
    channel.shutdown().awaitTermination(1, TimeUnit.MINUTES);
    server.shutdown().awaitTermination(1, TimeUnit.MINUTES);
  }
}
