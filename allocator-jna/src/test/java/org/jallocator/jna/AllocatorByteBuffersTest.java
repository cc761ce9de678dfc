package org.jallocator.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class AllocatorByteBuffersTest {

  private final RealMemory real = RealMemory.shared();
  private final AllocatorByteBuffers buffers = AllocatorByteBuffers.over(real);

  @AfterEach
  void everythingIsFreed() {
    real.close();
  }

  private Reason reasonOfRefusal(ByteBuffer buffer) {
    int before = real.liveBlocks();
    Reason reason = assertThrows(InvalidFreeException.class, () -> buffers.free(buffer)).reason();
    assertEquals(before, real.liveBlocks());
    return reason;
  }

  @Test
  void aBufferIsTheAllocatorsBlockInThePlatformsByteOrder() {
    ByteBuffer buffer = buffers.malloc(100);
    assertTrue(buffer.isDirect());
    assertFalse(buffer.isReadOnly());
    assertEquals(ByteOrder.nativeOrder(), buffer.order());
    assertEquals(0, buffer.position());
    assertEquals(100, buffer.limit());
    assertEquals(100, buffer.capacity());
    long address = Pointer.nativeValue(Native.getDirectBufferPointer(buffer));
    assertEquals(100L, real.live().get(address));
    buffer.putInt(96, 0x01020304);
    assertEquals(0x01020304, new Pointer(address).getInt(96));
    buffers.free(buffer);
    assertEquals(0, real.liveBlocks());
  }

  @Test
  void contentsAreWhatTheAllocatorLeavesUnlessZeroesAreAskedFor() {
    ByteBuffer dirty = buffers.malloc(9);
    ByteBuffer clean = buffers.zeroed(9);
    for (int i = 0; i < 9; i++) {
      assertEquals(RealMemory.DIRT, dirty.get(i));
      assertEquals(0, clean.get(i));
    }
    buffers.free(dirty);
    buffers.free(clean);
  }

  @Test
  void aSliceADuplicateAndEveryOtherViewAreRefused() {
    ByteBuffer buffer = buffers.malloc(64);
    buffer.position(16);
    List<ByteBuffer> views =
        List.of(
            buffer.slice(),
            buffer.slice(0, 64),
            buffer.slice(63, 1),
            buffer.duplicate(),
            buffer.asReadOnlyBuffer(),
            buffer.alignedSlice(8));
    for (ByteBuffer view : views) {
      assertEquals(Reason.NOT_A_BLOCK, reasonOfRefusal(view));
    }
    buffers.free(buffer);
    assertEquals(Reason.FOREIGN, reasonOfRefusal(views.get(1)));
  }

  @Test
  void theBufferIsFreedWhateverItsPositionLimitAndOrderAre() {
    ByteBuffer buffer = buffers.malloc(64);
    buffer.order(ByteOrder.BIG_ENDIAN).position(5).limit(17).mark();
    buffers.free(buffer);
    assertEquals(0, real.liveBlocks());
  }

  @Test
  void aSecondFreeIsRefusedAlsoIfTheAddressIsHandedOutAgain() {
    List<ByteBuffer> freed = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      ByteBuffer buffer = buffers.malloc(64);
      buffers.free(buffer);
      freed.add(buffer);
    }
    ByteBuffer live = buffers.malloc(64);
    long address = Pointer.nativeValue(Native.getDirectBufferPointer(live));
    boolean again = false;
    for (ByteBuffer buffer : freed) {
      Reason reason = reasonOfRefusal(buffer);
      boolean sameAddress = Pointer.nativeValue(Native.getDirectBufferPointer(buffer)) == address;
      assertEquals(sameAddress ? Reason.NOT_A_BLOCK : Reason.FOREIGN, reason);
      again |= sameAddress;
    }
    assertTrue(again, "C handed out no address twice: the test shows nothing");
    buffers.free(live);
  }

  @Test
  void buffersFromElsewhereAreRefusedAndNullIsIgnored() {
    assertEquals(Reason.FOREIGN, reasonOfRefusal(ByteBuffer.allocateDirect(64)));
    assertEquals(Reason.FOREIGN, reasonOfRefusal(ByteBuffer.allocateDirect(0)));
    assertEquals(Reason.FOREIGN, reasonOfRefusal(ByteBuffer.allocate(64)));
    AllocatorByteBuffers others = AllocatorByteBuffers.over(real);
    ByteBuffer other = others.malloc(64);
    assertEquals(Reason.FOREIGN, reasonOfRefusal(other));
    others.free(other);
    buffers.free(null);
  }

  @Test
  void whatIsRefusedIsToldInWords() {
    ByteBuffer buffer = buffers.malloc(64);
    String address =
        Long.toHexString(Pointer.nativeValue(Native.getDirectBufferPointer(buffer)) + 8);
    assertEquals(
        "bytebuffers: address is no block's start: address=0x"
            + address
            + ", buffer=a slice, a duplicate or another view of a buffer that malloc returned, or"
            + " one that was freed",
        assertThrows(InvalidFreeException.class, () -> buffers.free(buffer.slice(8, 8)))
            .getMessage());
    buffers.free(buffer);
    assertEquals(
        "bytebuffers: size is less than zero bytes: size=-1, limit=0",
        assertThrows(IllegalArgumentException.class, () -> buffers.malloc(-1)).getMessage());
  }

  @Test
  void anEmptyBufferIsABufferLikeAnyOther() {
    ByteBuffer empty = buffers.malloc(0);
    ByteBuffer other = buffers.zeroed(0);
    assertEquals(0, empty.capacity());
    assertNotSame(empty, other);
    assertEquals(2, real.liveBlocks());
    buffers.free(empty);
    buffers.free(other);
    reasonOfRefusal(empty);
  }

  @Test
  void whatTheAllocatorRefusesPassesAndNothingIsLost() {
    RealMemory small = RealMemory.upTo(32);
    AllocatorByteBuffers few = AllocatorByteBuffers.over(small);
    ByteBuffer buffer = few.malloc(32);
    assertThrows(IllegalArgumentException.class, () -> few.malloc(33));
    assertThrows(IllegalArgumentException.class, () -> few.zeroed(Integer.MAX_VALUE));
    few.free(buffer);
    small.close();
  }

  @Test
  void aConfinedAllocatorKeepsItsThreadAndTheBufferStays() throws Exception {
    RealMemory confined = RealMemory.confined();
    AllocatorByteBuffers mine = AllocatorByteBuffers.over(confined);
    ByteBuffer buffer = mine.malloc(8);
    Thread other =
        new Thread(
            () -> {
              assertThrows(IllegalStateException.class, () -> mine.malloc(8));
              assertThrows(IllegalStateException.class, () -> mine.free(buffer));
            });
    List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
    other.setUncaughtExceptionHandler((thread, failure) -> failures.add(failure));
    other.start();
    other.join();
    assertEquals(List.of(), failures);
    mine.free(buffer);
    confined.close();
  }

  @Test
  void aMemoryIsSeenThroughABufferWithoutACopyAndNotFreedByIt() {
    try (AllocatorMemory memory = AllocatorMemory.malloc(real, 24)) {
      ByteBuffer buffer = AllocatorByteBuffers.buffer(memory);
      assertEquals(24, buffer.capacity());
      assertEquals(ByteOrder.nativeOrder(), buffer.order());
      buffer.putLong(16, 42);
      assertEquals(42, memory.getLong(16));
      reasonOfRefusal(buffer);
    }
    AllocatorMemory closed = AllocatorMemory.malloc(real, 24);
    closed.close();
    assertThrows(IllegalStateException.class, () -> AllocatorByteBuffers.buffer(closed));
    try (Memory jna = new Memory(8)) {
      assertEquals(8, AllocatorByteBuffers.buffer(jna).capacity());
    }
  }

  @Test
  void aMemoryLargerThanABufferIsRefused() {
    AllocatorMemory huge = AllocatorMemory.adopt(real, 4096, 1L << 31);
    assertEquals(
        "memory exceeds a ByteBuffer: size=2147483648, limit=2147483647",
        assertThrows(IllegalArgumentException.class, () -> AllocatorByteBuffers.buffer(huge))
            .getMessage());
    assertEquals(4096, huge.release());
  }

  @Test
  void manyBuffersAreFreedInAnyOrder() {
    Random random = new Random(20261129);
    List<ByteBuffer> live = new ArrayList<>();
    for (int i = 0; i < 6_000; i++) {
      if (live.isEmpty() || random.nextInt(5) < 3) {
        live.add(buffers.malloc(1 + random.nextInt(100)));
      } else {
        int at = random.nextInt(live.size());
        Collections.swap(live, at, live.size() - 1);
        ByteBuffer buffer = live.remove(live.size() - 1);
        buffers.free(buffer);
        if (i % 10 == 0) {
          reasonOfRefusal(buffer);
        }
      }
      assertEquals(live.size(), real.liveBlocks());
    }
    live.forEach(buffers::free);
  }

  @Test
  void threadsFreeEachOthersBuffers() throws Exception {
    int threads = 4;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    List<List<ByteBuffer>> handedOver = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      handedOver.add(new ArrayList<>());
    }
    try {
      for (int round = 0; round < 20; round++) {
        List<Future<List<ByteBuffer>>> running = new ArrayList<>();
        for (List<ByteBuffer> toFree : handedOver) {
          running.add(pool.submit(() -> freeAndMake(toFree)));
        }
        for (int i = 0; i < threads; i++) {
          handedOver.set((i + 1) % threads, running.get(i).get());
        }
      }
    } finally {
      pool.shutdown();
    }
    assertEquals(threads * 500, real.liveBlocks());
    handedOver.forEach(list -> list.forEach(buffers::free));
  }

  private List<ByteBuffer> freeAndMake(List<ByteBuffer> toFree) {
    List<ByteBuffer> made = new ArrayList<>();
    toFree.forEach(buffers::free);
    for (int i = 0; i < 500; i++) {
      made.add(buffers.malloc(16));
    }
    return made;
  }

  /** Real memory, cut in order and never used again, that counts what is out without a call. */
  private static final class Cut implements Allocator {
    private long next;
    private int live;

    @Override
    public long malloc(long size) {
      long address = next;
      next += 16;
      live++;
      return address;
    }

    @Override
    public long tryMalloc(long size) {
      return malloc(size);
    }

    @Override
    public void free(long address) {
      live--;
    }

    @Override
    public void free(long address, long size) {
      live--;
    }

    @Override
    public long maxSize() {
      return 16;
    }

    @Override
    public long alignment() {
      return 16;
    }

    @Override
    public boolean isShared() {
      return false;
    }

    @Override
    public AllocatorStats stats() {
      return AllocatorStats.UNTRACKED;
    }

    @Override
    public void close() {}
  }

  /** Takes and frees buffers at the end of a stack, and on the way back from there. */
  private static final class Deep implements Runnable {
    private final Cut cut = new Cut();
    private final AllocatorByteBuffers buffers = AllocatorByteBuffers.over(cut);
    private final ByteBuffer[] held = new ByteBuffer[100_000];
    private int count;
    private int overflows;
    private int bottom;

    @Override
    public void run() {
      descend(0);
    }

    private void descend(int depth) {
      bottom = depth;
      try {
        if (depth < Integer.MAX_VALUE) {
          descend(depth + 1);
        }
      } catch (StackOverflowError e) {
        overflows++;
      }
      if (bottom - depth > 300) {
        return;
      }
      try {
        held[count] = buffers.malloc(8);
        count++;
        held[count] = buffers.malloc(8);
        count++;
        buffers.free(held[count - 1]);
        count--;
      } catch (StackOverflowError e) {
        overflows++;
      }
    }
  }

  @Test
  void aFullStackLosesNoBuffer() throws InterruptedException {
    int overflows = 0;
    int buffers = 0;
    for (int round = 0; round < 20; round++) {
      Deep deep = new Deep();
      long memory = real.malloc(1 << 20);
      deep.cut.next = memory;
      deep.buffers.free(deep.buffers.malloc(1));
      Thread thread = new Thread(null, deep, "deep", (200L + 8L * round) << 10);
      thread.start();
      thread.join();
      overflows += deep.overflows;
      buffers += deep.count;
      assertEquals(deep.count, deep.cut.live);
      for (int i = 0; i < deep.count; i++) {
        deep.buffers.free(deep.held[i]);
      }
      assertEquals(0, deep.cut.live);
      real.free(memory, 1 << 20);
    }
    assertTrue(overflows > 20 && buffers > 0, "the test shows nothing");
  }

  @Test
  void theLeakOfABufferIsTheAllocatorsToReport() {
    RealMemory other = RealMemory.shared();
    AllocatorByteBuffers leaking = AllocatorByteBuffers.over(other);
    ByteBuffer buffer = leaking.malloc(8);
    assertThrows(IllegalStateException.class, other::close);
    leaking.free(buffer);
    other.close();
  }
}
