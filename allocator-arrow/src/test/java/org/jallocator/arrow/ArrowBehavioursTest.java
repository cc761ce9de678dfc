package org.jallocator.arrow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.arrow.memory.AllocationListener;
import org.apache.arrow.memory.AllocationOutcome;
import org.apache.arrow.memory.AllocationReservation;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.memory.rounding.SegmentRoundingPolicy;
import org.jallocator.LeakException;
import org.jallocator.stack.AllocatorStack;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What Arrow promises of its allocators, over a stack of ours. */
final class ArrowBehavioursTest {

  private static final long LIMIT = 8192;

  private final ArrowStack arrow = ArrowStack.open("@general", LIMIT);
  private final RootAllocator root = arrow.root();

  @AfterEach
  void nothingIsLeft() {
    assertEquals(0, root.getAllocatedMemory());
    assertEquals(0, arrow.liveBlocks());
    arrow.close();
  }

  private BufferAllocator child(String name) {
    return root.newChildAllocator(name, 0, LIMIT);
  }

  @Test
  void roundsASizeUpToThePowerOfTwo() {
    try (ArrowBuf buffer = root.buffer(1000)) {
      assertEquals(1024, buffer.capacity());
      assertEquals(1024, root.getAllocatedMemory());
    }
  }

  @Test
  void roundsASizeUpToWholeSegmentsIfToldTo() {
    try (SegmentedArrow segments = new SegmentedArrow(1024);
        BufferAllocator child = segments.root.newChildAllocator("child", 0, 1 << 19);
        ArrowBuf small = segments.root.buffer(798);
        ArrowBuf large = child.buffer(2049)) {
      assertEquals(1024, small.capacity());
      assertEquals(3072, large.capacity());
      large.setInt(3068, 939);
      assertEquals(939, large.getInt(3068));
    }
  }

  /** A root allocator that rounds to segments. */
  private static final class SegmentedArrow implements AutoCloseable {
    final AllocatorStack stack = AllocatorStack.open("@general");
    final RootAllocator root;

    SegmentedArrow(long segment) {
      root =
          new RootAllocator(
              RootAllocator.configBuilder()
                  .allocationManagerFactory(AllocatorArrow.factory(stack.allocator()))
                  .roundingPolicy(new SegmentRoundingPolicy(segment))
                  .build());
    }

    @Override
    public void close() {
      root.close();
      stack.close();
    }
  }

  @Test
  void servesASizeOfZeroWithoutABlock() {
    try (ArrowBuf empty = root.buffer(0);
        BufferAllocator child = child("child")) {
      assertEquals(0, empty.capacity());
      assertSame(root.getEmpty(), child.getEmpty());
      assertEquals(0, arrow.liveBlocks());
    }
  }

  @Test
  void keepsWhatIsWritten() {
    try (ArrowBuf first = root.buffer(256);
        ArrowBuf second = root.buffer(256)) {
      for (int i = 0; i < 256; i++) {
        first.setByte(i, i);
        second.setByte(i, 255 - i);
      }
      for (int i = 0; i < 256; i++) {
        assertEquals((byte) i, first.getByte(i));
        assertEquals((byte) (255 - i), second.getByte(i));
      }
      assertNotEquals(first.memoryAddress(), second.memoryAddress());
    }
  }

  @Test
  void refusesMoreThanTheRootsLimitAndServesAgainAfterARelease() {
    ArrowBuf all = root.buffer(LIMIT);
    assertThrows(OutOfMemoryException.class, () -> root.buffer(1));
    assertEquals(1, arrow.liveBlocks());
    all.close();
    root.buffer(LIMIT).close();
  }

  @Test
  void refusesMoreThanAChildsLimit() {
    try (BufferAllocator child = root.newChildAllocator("child", 0, LIMIT / 2)) {
      assertThrows(OutOfMemoryException.class, () -> child.buffer(LIMIT));
      assertEquals(0, child.getAllocatedMemory());
      assertEquals(0, arrow.liveBlocks());
    }
  }

  @Test
  void refusesAChildMoreThanItsParentHasLeft() {
    try (BufferAllocator child = child("child");
        ArrowBuf parents = root.buffer(LIMIT / 2);
        ArrowBuf childs = child.buffer(LIMIT / 2)) {
      assertThrows(OutOfMemoryException.class, () -> child.buffer(LIMIT / 4));
      assertEquals(LIMIT, parents.capacity() + childs.capacity());
    }
  }

  @Test
  void namesTheAllocatorWhoseLimitRefused() {
    try (BufferAllocator child = root.newChildAllocator("child", 0, LIMIT / 2);
        BufferAllocator grandchild = child.newChildAllocator("grandchild", LIMIT / 4, LIMIT)) {
      var thrown = assertThrows(OutOfMemoryException.class, () -> grandchild.buffer(LIMIT));
      assertSame(child, thrown.getOutcomeDetails().orElseThrow().getFailedAllocator());
    }
  }

  @Test
  void asksTheListenerWhenALimitRefusesAndTriesOnceMore() {
    List<String> events = new ArrayList<>();
    AllocationListener listener =
        new AllocationListener() {
          @Override
          public void onAllocation(long size) {
            events.add("allocation " + size);
          }

          @Override
          public void onRelease(long size) {
            events.add("release " + size);
          }

          @Override
          public boolean onFailedAllocation(long size, AllocationOutcome outcome) {
            events.add("failed " + size);
            root.getChildAllocators().iterator().next().setLimit(LIMIT);
            return true;
          }
        };
    try (BufferAllocator child = root.newChildAllocator("child", listener, 0, LIMIT / 2)) {
      child.buffer(LIMIT).close();
    }
    assertEquals(List.of("failed 8192", "allocation 8192", "release 8192"), events);
  }

  @Test
  void reservesForAChildAtItsBirth() {
    try (BufferAllocator child = root.newChildAllocator("child", LIMIT / 2, LIMIT)) {
      assertEquals(LIMIT / 2, root.getAllocatedMemory());
      assertThrows(OutOfMemoryException.class, () -> root.buffer(LIMIT));
      child.buffer(LIMIT / 2).close();
      assertEquals(0, arrow.liveBlocks());
    }
    assertEquals(0, root.getAllocatedMemory());
  }

  @Test
  void makesOneBufferOfAReservation() {
    try (AllocationReservation reservation = root.newReservation()) {
      assertTrue(reservation.add(64L));
      assertTrue(reservation.add(64L));
      assertFalse(reservation.add(LIMIT));
      try (ArrowBuf buffer = reservation.allocateBuffer()) {
        assertEquals(128, buffer.capacity());
        assertThrows(IllegalStateException.class, reservation::allocateBuffer);
      }
    }
  }

  @Test
  void makesABufferOfAnEmptyReservation() {
    try (ArrowStack aligned = ArrowStack.open("sizeclass(alignment=64, shared=true, jna)");
        AllocationReservation reservation = aligned.root().newReservation();
        ArrowBuf buffer = reservation.allocateBuffer()) {
      assertEquals(0, buffer.capacity());
      assertEquals(1, aligned.liveBlocks());
    }
  }

  @Test
  void keepsABlockUntilTheLastReferenceGoes() {
    ArrowBuf buffer = root.buffer(512);
    buffer.getReferenceManager().retain();
    ArrowBuf slice = buffer.slice(64, 64);
    assertEquals(buffer.memoryAddress() + 64, slice.memoryAddress());
    buffer.close();
    assertEquals(1, arrow.liveBlocks());
    slice.setLong(0, 42);
    assertEquals(42, buffer.getLong(64));
    slice.close();
    assertEquals(0, arrow.liveBlocks());
  }

  @Test
  void refusesAReleaseTooMany() {
    ArrowBuf buffer = root.buffer(512);
    buffer.close();
    assertThrows(IllegalStateException.class, buffer::close);
    assertEquals(0, arrow.liveBlocks());
  }

  @Test
  void hasMovedTheBytesAfterATransfer() {
    try (BufferAllocator one = child("one");
        BufferAllocator two = child("two")) {
      ArrowBuf buffer = one.buffer(LIMIT / 4);
      buffer.setLong(8, 7);
      var transferred = buffer.getReferenceManager().transferOwnership(buffer, two);
      assertTrue(transferred.getAllocationFit());
      assertEquals(0, one.getAllocatedMemory());
      assertEquals(LIMIT / 4, two.getAllocatedMemory());
      buffer.close();
      assertEquals(1, arrow.liveBlocks());
      assertEquals(7, transferred.getTransferredBuffer().getLong(8));
      transferred.getTransferredBuffer().close();
    }
  }

  @Test
  void servesTwoAllocatorsByOneBlock() {
    try (BufferAllocator one = child("one");
        BufferAllocator two = child("two")) {
      ArrowBuf first = one.buffer(256);
      ArrowBuf second = first.getReferenceManager().retain(first, two);
      assertNotSame(first, second);
      assertEquals(first.memoryAddress(), second.memoryAddress());
      first.close();
      assertEquals(256, two.getAllocatedMemory());
      assertEquals(1, arrow.liveBlocks());
      second.close();
    }
  }

  @Test
  void refusesToTransferToAnotherRoot() {
    try (ArrowStack other = ArrowStack.open("@general");
        ArrowBuf buffer = root.buffer(64)) {
      assertThrows(
          IllegalStateException.class,
          () -> buffer.getReferenceManager().transferOwnership(buffer, other.root()));
    }
  }

  @Test
  void saysAtClosingThatABufferIsLeft() {
    ArrowStack leaky = ArrowStack.open("@general");
    ArrowBuf buffer = leaky.root().buffer(512);
    var thrown = assertThrows(IllegalStateException.class, leaky.root()::close);
    ArrowStack.assertSays("leaked", thrown);
    var leak = assertThrows(LeakException.class, leaky.stack()::close);
    assertEquals(1, leak.liveBlocks());
    assertTrue(buffer.capacity() > 0);
    assertThrows(LeakException.class, leaky.stack()::closeAndRelease);
  }

  @Test
  void releasesFromAnyThread() throws InterruptedException, ExecutionException {
    try (ArrowStack big = ArrowStack.open("@general")) {
      var threads = Executors.newFixedThreadPool(2);
      try {
        for (int round = 0; round < 50; round++) {
          List<Future<?>> done = new ArrayList<>();
          for (long size = 1; size <= 1 << 20; size *= 4) {
            ArrowBuf buffer = big.root().buffer(size);
            buffer.setByte(0, 1);
            done.add(threads.submit(buffer::close));
          }
          for (Future<?> each : done) {
            each.get();
          }
        }
      } finally {
        threads.shutdown();
      }
      assertEquals(0, big.liveBlocks());
      assertEquals(0, big.root().getAllocatedMemory());
    }
  }
}
