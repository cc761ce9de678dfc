package org.jallocator.netty;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.CompositeByteBuf;
import io.netty.util.IllegalReferenceCountException;
import io.netty.util.internal.PlatformDependent;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import org.jallocator.Allocator;
import org.jallocator.LeakException;
import org.jallocator.spi.NativeAccess;
import org.jallocator.spi.StackRoom;
import org.jallocator.stack.AllocatorStack;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Netty's own tests ask of a direct buffer, and where its memory is. */
final class StackByteBufTest {

  private final AllocatorStack stack = AllocatorStack.open("@general");
  private final Allocator allocator = stack.allocator();
  private final StackByteBufAllocator buffers = StackByteBufAllocator.over(allocator);

  @AfterEach
  void everythingIsFreed() {
    assertEquals(0, buffers.metric().usedHeapMemory());
    stack.close();
  }

  private long live() {
    return allocator.stats().liveBlocks();
  }

  @Test
  @SuppressWarnings("deprecation") // Netty wants it implemented
  void aDirectBufferIsABlockOfTheStack() {
    long netty = PlatformDependent.usedDirectMemory();
    ByteBuf buffer = buffers.directBuffer(100, 1000);
    assertEquals(1, live());
    assertTrue(buffer.isDirect());
    assertFalse(buffer.hasArray());
    assertTrue(buffer.hasMemoryAddress());
    assertTrue(buffer.isContiguous());
    assertSame(buffers, buffer.alloc());
    assertEquals(100, buffer.capacity());
    assertEquals(1000, buffer.maxCapacity());
    assertEquals(ByteOrder.BIG_ENDIAN, buffer.order());
    assertEquals(netty, PlatformDependent.usedDirectMemory());
    assertTrue(buffer.release());
    assertEquals(0, live());
  }

  @Test
  void everyKindOfBufferThatIsNotOfTheHeapIsDirect() {
    List<ByteBuf> all =
        List.of(
            buffers.buffer(),
            buffers.buffer(8),
            buffers.buffer(8, 16),
            buffers.ioBuffer(),
            buffers.ioBuffer(8),
            buffers.ioBuffer(8, 16),
            buffers.directBuffer());
    for (ByteBuf buffer : all) {
      assertTrue(buffer.isDirect());
      assertTrue(buffer.hasMemoryAddress());
    }
    assertEquals(all.size(), live());
    all.forEach(ByteBuf::release);
  }

  @Test
  void aHeapBufferIsAnArrayAndCounted() {
    ByteBuf buffer = buffers.heapBuffer(100);
    assertTrue(buffer.hasArray());
    assertEquals(100, buffers.metric().usedHeapMemory());
    buffer.capacity(300);
    assertEquals(300, buffers.metric().usedHeapMemory());
    assertEquals(0, live());
    buffer.release();
  }

  @Test
  void aChangeOfTheCapacityKeepsTheContentsAndOneBlock() {
    ByteBuf buffer = buffers.directBuffer(16, 1 << 20);
    for (int i = 0; i < 16; i++) {
      buffer.writeByte(i);
    }
    for (int capacity : new int[] {17, 4096, 100_000, 1 << 20, 33, 16, 5}) {
      buffer.capacity(capacity);
      assertEquals(capacity, buffer.capacity());
      assertEquals(1, live());
      for (int i = 0; i < Math.min(16, capacity); i++) {
        assertEquals(i, buffer.getByte(i));
      }
    }
    assertEquals(5, buffer.writerIndex());
    assertThrows(IllegalArgumentException.class, () -> buffer.capacity((1 << 20) + 1));
    assertThrows(IllegalArgumentException.class, () -> buffer.capacity(-1));
    assertEquals(5, buffer.capacity());
    buffer.release();
  }

  @Test
  void writingBeyondTheCapacityGrowsUpToTheMaximum() {
    ByteBuf buffer = buffers.directBuffer(0, 100_000);
    assertEquals(0, buffer.capacity());
    byte[] bytes = new byte[777];
    for (int i = 0; i < 128; i++) {
      buffer.writeBytes(bytes);
    }
    assertEquals(128 * 777, buffer.readableBytes());
    assertThrows(IndexOutOfBoundsException.class, () -> buffer.writeBytes(bytes));
    assertEquals(1, live());
    buffer.release();
  }

  @Test
  void aSliceAndADuplicateShareTheBlockAndTheCount() {
    ByteBuf buffer = buffers.directBuffer(64);
    buffer.writeBytes(new byte[64]);
    ByteBuf slice = buffer.retainedSlice(8, 16);
    ByteBuf duplicate = buffer.retainedDuplicate();
    ByteBuf deep = slice.slice(4, 4);
    assertEquals(3, buffer.refCnt());
    assertEquals(buffer.memoryAddress() + 8, slice.memoryAddress());
    deep.setInt(0, 0x01020304);
    assertEquals(0x01020304, buffer.getInt(12));
    assertEquals(0x01020304, duplicate.getInt(12));
    assertFalse(buffer.release());
    assertFalse(slice.release());
    assertEquals(1, live());
    assertTrue(duplicate.release());
    assertEquals(0, live());
    assertThrows(IllegalReferenceCountException.class, () -> deep.getByte(0));
  }

  @Test
  void afterTheLastReleaseNothingWorks() {
    ByteBuf buffer = buffers.directBuffer(8);
    buffer.retain(2).release(2);
    assertTrue(buffer.release());
    assertThrows(IllegalReferenceCountException.class, () -> buffer.getByte(0));
    assertThrows(IllegalReferenceCountException.class, () -> buffer.writeByte(0));
    assertThrows(IllegalReferenceCountException.class, () -> buffer.capacity(16));
    assertThrows(IllegalReferenceCountException.class, buffer::retain);
    assertThrows(IllegalReferenceCountException.class, buffer::release);
    assertThrows(IllegalReferenceCountException.class, buffer::memoryAddress);
    assertThrows(IllegalReferenceCountException.class, buffer::nioBuffer);
    assertEquals(0, live());
  }

  @Test
  void aReadOnlyBufferRefusesWritesAndReleasesTheBlock() {
    ByteBuf buffer = buffers.directBuffer(8).writeLong(42);
    ByteBuf readOnly = buffer.asReadOnly();
    assertEquals(42, readOnly.readLong());
    assertThrows(RuntimeException.class, () -> readOnly.setByte(0, 1));
    assertTrue(readOnly.release());
    assertEquals(0, live());
  }

  @Test
  void aCopyIsABlockOfItsOwn() {
    ByteBuf buffer = buffers.directBuffer(16).writeLong(1).writeLong(2);
    ByteBuf copy = buffer.copy(8, 8);
    assertEquals(2, live());
    copy.setLong(0, 3);
    assertEquals(2, buffer.getLong(8));
    assertNotEquals(buffer.memoryAddress(), copy.memoryAddress());
    buffer.release();
    assertEquals(3, copy.readLong());
    copy.release();
  }

  @Test
  void aCompositeReleasesItsPartsAndTakesNewOnesFromTheStack() {
    CompositeByteBuf composite = buffers.compositeBuffer(4);
    for (int i = 0; i < 10; i++) {
      composite.addComponent(true, buffers.directBuffer(4).writeInt(i));
    }
    assertTrue(composite.numComponents() <= 4);
    for (int i = 0; i < 10; i++) {
      assertEquals(i, composite.getInt(4 * i));
    }
    composite.readerIndex(20).discardReadComponents();
    composite.consolidate();
    assertTrue(composite.isDirect());
    assertEquals(1, live());
    composite.capacity(composite.capacity() + 100);
    assertTrue(live() <= 2);
    composite.release();
    assertEquals(0, live());
  }

  @Test
  void numbersAreWrittenInTheOrderAskedForAtAnyOffset() {
    ByteBuf buffer = buffers.directBuffer(64).setZero(0, 64);
    ByteBuffer model = ByteBuffer.allocate(64);
    for (int at = 0; at <= 8; at++) {
      buffer.setLong(at, 0x0102030405060708L);
      model.putLong(at, 0x0102030405060708L);
      assertSameBytes(model, buffer);
      buffer.setLongLE(at, 0x0102030405060708L);
      model.order(ByteOrder.LITTLE_ENDIAN).putLong(at, 0x0102030405060708L);
      assertSameBytes(model, buffer);
      buffer.setIntLE(at + 16, 0x0A0B0C0D);
      assertEquals(0x0A0B0C0D, buffer.getIntLE(at + 16));
      assertEquals(0x0D0C0B0A, buffer.getInt(at + 16));
      buffer.setMedium(at + 24, 0x010203);
      assertEquals(0x030201, buffer.getMediumLE(at + 24));
      buffer.setShort(at + 32, 0x0102);
      assertEquals(0x0201, buffer.getShortLE(at + 32));
      buffer.setDouble(at + 40, Math.PI);
      assertEquals(Math.PI, buffer.getDouble(at + 40));
      buffer.setZero(0, 64);
      model = ByteBuffer.allocate(64);
    }
    buffer.release();
  }

  private static void assertSameBytes(ByteBuffer expected, ByteBuf buffer) {
    for (int i = 0; i < 64; i++) {
      assertEquals(expected.get(i), buffer.getByte(i));
    }
  }

  @Test
  void buffersOfTheJdkSeeTheSameBytes() {
    ByteBuf buffer = buffers.directBuffer(32);
    buffer.writeLong(7).writeLong(8);
    ByteBuffer seen = buffer.nioBuffer();
    assertEquals(1, buffer.nioBufferCount());
    assertEquals(16, seen.remaining());
    assertEquals(8, seen.getLong(8));
    seen.putLong(0, 9);
    assertEquals(9, buffer.getLong(0));
    assertEquals(8, buffer.internalNioBuffer(8, 8).getLong());
    buffer.release();
  }

  @Test
  void bytesGoToAndComeFromArraysStreamsChannelsAndBuffers(@TempDir Path folder)
      throws IOException {
    byte[] bytes = "the quick brown fox".getBytes(StandardCharsets.US_ASCII);
    ByteBuf buffer = buffers.directBuffer();
    buffer.writeBytes(bytes).writeBytes(ByteBuffer.wrap(bytes));
    ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length);
    direct.put(bytes).flip();
    buffer.writeBytes(direct);
    buffer.writeBytes(new ByteArrayInputStream(bytes), bytes.length);
    ByteBuf heap = buffers.heapBuffer().writeBytes(bytes);
    ByteBuf other = buffers.directBuffer().writeBytes(bytes);
    buffer.writeBytes(heap).writeBytes(other);
    heap.release();
    other.release();
    Path file = folder.resolve("bytes");
    try (FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      assertEquals(bytes.length * 6, buffer.getBytes(0, channel, 0L, bytes.length * 6));
      assertEquals(bytes.length, buffer.writeBytes(channel, 0L, bytes.length));
    }
    assertEquals(bytes.length * 6L, Files.size(file));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < 7; i++) {
      buffer.readBytes(out, bytes.length);
      assertArrayEquals(bytes, out.toByteArray());
      out.reset();
    }
    assertEquals(0, buffer.readableBytes());
    buffer.release();
  }

  @Test
  void searchesComparisonsAndTextWork() {
    ByteBuf buffer = buffers.directBuffer();
    ByteBufUtil.writeUtf8(buffer, "Grüße an C");
    assertEquals("Grüße an C", buffer.toString(StandardCharsets.UTF_8));
    assertEquals(7, buffer.indexOf(0, buffer.writerIndex(), (byte) ' '));
    ByteBuf same = buffers.heapBuffer().writeBytes(buffer, 0, buffer.readableBytes());
    assertEquals(same, buffer);
    assertEquals(same.hashCode(), buffer.hashCode());
    same.setByte(0, 'g');
    assertTrue(buffer.compareTo(same) < 0);
    same.release();
    buffer.release();
  }

  @Test
  void anyThreadReleases() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(4);
    try {
      for (int round = 0; round < 20; round++) {
        List<ByteBuf> made = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
          made.add(buffers.directBuffer(1 + i * 17).writeByte(i));
        }
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          List<ByteBuf> part = made.subList(i * 100, i * 100 + 100);
          running.add(pool.submit(() -> part.forEach(ByteBuf::release)));
        }
        for (Future<?> each : running) {
          each.get();
        }
        assertEquals(0, live());
      }
    } finally {
      pool.shutdown();
    }
  }

  @Test
  void metricsAreTheStacks() {
    ByteBuf buffer = buffers.directBuffer(1 << 16);
    assertEquals(allocator.stats().reservedBytes(), buffers.metric().usedDirectMemory());
    assertTrue(buffers.metric().usedDirectMemory() >= 1 << 16);
    assertTrue(buffers.isDirectBufferPooled());
    assertTrue(buffers.toString().contains("usedDirectMemory: "), buffers.toString());
    buffer.release();
  }

  @Test
  void aBufferThatIsNotReleasedIsTheStacksLeak() {
    ByteBuf buffer = buffers.directBuffer(64);
    assertThrows(LeakException.class, stack::close);
    buffer.release();
  }

  @Test
  void aConfinedStackIsRefused() {
    try (AllocatorStack confined = AllocatorStack.open("sizeclass(jna)")) {
      assertEquals(
          "Netty needs a shared allocator: isShared=false, remedy=shared=true",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> StackByteBufAllocator.over(confined.allocator()))
              .getMessage());
    }
  }

  @Test
  void whatTheStackCannotServeLeavesTheBufferAsItWas() {
    try (AllocatorStack small =
        AllocatorStack.open("fixedblock(blockSize=64, pageSize=64KiB, shared=true, jna)")) {
      ByteBufAllocator few = StackByteBufAllocator.over(small.allocator());
      ByteBuf buffer = few.directBuffer(8).writeLong(42);
      assertThrows(IllegalArgumentException.class, () -> buffer.capacity(65));
      assertThrows(IllegalArgumentException.class, () -> few.directBuffer(65));
      assertEquals(8, buffer.capacity());
      assertEquals(42, buffer.getLong(0));
      assertEquals(1, small.allocator().stats().liveBlocks());
      buffer.release();
    }
  }

  /** The stack's allocator, whose next free with a size may throw before it takes the block. */
  private final class Refusing implements InvocationHandler {

    private @Nullable Throwable next;

    Allocator allocator() {
      return (Allocator)
          Proxy.newProxyInstance(
              Allocator.class.getClassLoader(), new Class<?>[] {Allocator.class}, this);
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
      Throwable refusal = next;
      if (refusal != null && method.getName().equals("free")) {
        next = null;
        throw refusal;
      }
      return method.invoke(allocator, arguments);
    }
  }

  @Test
  void aRefusedFreeOfTheOldBlockLeavesTheBufferAsItWas() {
    Refusing refusing = new Refusing();
    ByteBuf buffer = StackByteBufAllocator.over(refusing.allocator()).directBuffer(16);
    buffer.writeLong(1).writeLong(2).readLong();
    long address = buffer.memoryAddress();
    for (int capacity : new int[] {64, 12, 4}) {
      IllegalStateException refusal = new IllegalStateException("planted by a test");
      refusing.next = refusal;
      assertSame(
          refusal, assertThrows(IllegalStateException.class, () -> buffer.capacity(capacity)));
      assertEquals(16, buffer.capacity());
      assertEquals(address, buffer.memoryAddress());
      assertEquals(8, buffer.readerIndex());
      assertEquals(2, buffer.getLong(8));
      assertEquals(1, live());
    }
    buffer.release();
  }

  @Test
  void aFreeThatMayHaveTakenTheOldBlockLeavesTheBufferOnTheNewOne() {
    Refusing refusing = new Refusing();
    ByteBuf buffer = StackByteBufAllocator.over(refusing.allocator()).directBuffer(16);
    buffer.writeLong(1).writeLong(2);
    long old = buffer.memoryAddress();
    refusing.next = new UnsupportedOperationException("planted by a test");
    assertThrows(UnsupportedOperationException.class, () -> buffer.capacity(8));
    assertEquals(8, buffer.capacity());
    assertNotEquals(old, buffer.memoryAddress());
    assertEquals(8, buffer.writerIndex());
    assertEquals(1, buffer.getLong(0));
    buffer.release();
    allocator.free(old, 16);
  }

  /** Buffers on native memory, from the real access but for those that a test plans otherwise. */
  private StackByteBufAllocator with(UnaryOperator<ByteBuffer> plan) {
    NativeAccess real = ServiceLoader.load(NativeAccess.class).findFirst().orElseThrow();
    NativeAccess planned =
        (NativeAccess)
            Proxy.newProxyInstance(
                NativeAccess.class.getClassLoader(),
                new Class<?>[] {NativeAccess.class},
                (proxy, method, arguments) ->
                    plan.apply((ByteBuffer) method.invoke(real, arguments)));
    return new StackByteBufAllocator(allocator, planned);
  }

  @Test
  void aCopyThatFailsLeavesTheBufferAsItWas() {
    boolean[] fail = {false};
    StackByteBufAllocator planned = with(buffer -> fail[0] ? buffer.asReadOnlyBuffer() : buffer);
    ByteBuf buffer = planned.directBuffer(16).writeLong(42);
    fail[0] = true;
    assertThrows(ReadOnlyBufferException.class, () -> buffer.capacity(64));
    assertEquals(16, buffer.capacity());
    assertEquals(42, buffer.getLong(0));
    assertEquals(1, live());
    buffer.release();
  }

  @Test
  void aCopyThatCannotBeWrittenIsReleased() {
    boolean[] fail = {false};
    StackByteBufAllocator planned = with(buffer -> fail[0] ? buffer.asReadOnlyBuffer() : buffer);
    ByteBuf buffer = planned.directBuffer(16).writeLong(42);
    fail[0] = true;
    assertThrows(ReadOnlyBufferException.class, () -> buffer.copy(0, 8));
    assertEquals(1, live());
    buffer.release();
  }

  @Test
  void whatLeftABufferUnfinishedSuppressesWhatItsReleaseThrows() {
    Refusing refusing = new Refusing();
    StackByteBufAllocator planned = StackByteBufAllocator.over(refusing.allocator());
    StackByteBuf unfinished = new StackByteBuf(planned, 8, 8);
    long address = unfinished.memoryAddress();
    refusing.next = new UnsupportedOperationException("planted by a test");
    OutOfMemoryError error = new OutOfMemoryError("planted by a test");
    Throwable[] suppressed = {refusing.next};
    unfinished.discardAfter(error);
    assertArrayEquals(suppressed, error.getSuppressed());
    allocator.free(address, 8);
  }

  @Test
  void oneErrorOfTheBufferAndOfTheFreePasses() {
    OutOfMemoryError one = new OutOfMemoryError("planted by a test");
    Refusing refusing = new Refusing();
    StackByteBufAllocator planned =
        new StackByteBufAllocator(
            refusing.allocator(),
            (NativeAccess)
                Proxy.newProxyInstance(
                    NativeAccess.class.getClassLoader(),
                    new Class<?>[] {NativeAccess.class},
                    (proxy, method, arguments) -> {
                      refusing.next = one;
                      throw one;
                    }));
    assertSame(one, assertThrows(OutOfMemoryError.class, () -> planned.directBuffer(8)));
    assertEquals(1, live()); // what was thrown does not say whether the block was taken
    assertThrows(LeakException.class, stack::closeAndRelease);
  }

  @Test
  void aReleaseAtTheEndOfAStackLosesNoBlock() throws Exception {
    buffers.directBuffer(8).release();
    ByteBuf buffer = buffers.directBuffer(8);
    Deep deep = new Deep(buffer::release);
    Thread thread = new Thread(null, deep, "deep", 256 << 10);
    thread.start();
    thread.join();
    assertEquals(List.of(), deep.thrown);
    assertTrue(deep.overflows > 0);
    assertEquals(0, live());
  }

  /** {@return the allocator, which asks for as much stack for a free as the layer large does} */
  private Allocator demanding() {
    return (Allocator)
        Proxy.newProxyInstance(
            Allocator.class.getClassLoader(),
            new Class<?>[] {Allocator.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("free")) {
                StackRoom.requireForStack();
              }
              return method.invoke(allocator, arguments);
            });
  }

  @Test
  void whatIsFreedAtTheEndOfAStackHasTheRoomThatTheAllocatorAsksFor() throws Exception {
    StackByteBufAllocator demanding = StackByteBufAllocator.over(demanding());
    ByteBuf buffer = demanding.directBuffer(8).writeLong(42);
    @Nullable ByteBuf[] copy = {buffer.copy(0, 8)};
    Deep copies =
        new Deep(
            () -> {
              ByteBuf held = copy[0];
              if (held != null) {
                held.release();
                copy[0] = null;
              }
              copy[0] = buffer.copy(0, 8);
            });
    Deep release = new Deep(buffer::release);
    for (Deep deep : List.of(copies, release)) {
      Thread thread = new Thread(null, deep, "deep", 256 << 10);
      thread.start();
      thread.join();
      assertEquals(List.of(), deep.thrown);
      assertTrue(deep.overflows > 0);
    }
    assertEquals(1, live());
    Objects.requireNonNull(copy[0]).release();
    assertEquals(0, live());
  }

  /** Makes a call at the end of a stack, and with one frame less as long as that overflows it. */
  private static final class Deep implements Runnable {

    private final Runnable call;
    private final List<Throwable> thrown = new ArrayList<>();
    private boolean done;
    private int overflows;

    Deep(Runnable call) {
      this.call = call;
    }

    @Override
    @SuppressWarnings("InfiniteRecursion") // to the end of the stack
    public void run() {
      try {
        run();
      } catch (StackOverflowError e) {
        // The call is made below.
      }
      if (!done) {
        try {
          call.run();
          done = true;
        } catch (StackOverflowError e) {
          overflows++;
        } catch (RuntimeException e) {
          done = true;
          thrown.add(e);
        }
      }
    }
  }
}
