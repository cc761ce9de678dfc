package org.jallocator.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetector.Level;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import org.jallocator.stack.AllocatorStack;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Random programs on a buffer of a stack and on Netty's own heap buffer, compared at each step. */
final class RandomByteBufTest {

  private static final int STEPS = 20_000;
  private static final int MAX = 5000;

  private final Level level = ResourceLeakDetector.getLevel();

  /** Else the detector records the stack at each byte that is compared: a hundred times as long. */
  @BeforeEach
  void recordNoAccess() {
    ResourceLeakDetector.setLevel(Level.SIMPLE);
  }

  @AfterEach
  void recordAgain() {
    ResourceLeakDetector.setLevel(level);
  }

  @Test
  void aBufferOfAStackDoesWhatNettysOwnDoes() {
    for (long seed = 1; seed <= 5; seed++) {
      try (AllocatorStack stack = AllocatorStack.open("@general")) {
        run(StackByteBufAllocator.over(stack.allocator()), new Random(seed), "seed=" + seed);
        assertEquals(0, stack.allocator().stats().liveBlocks());
      }
    }
  }

  private static void run(StackByteBufAllocator buffers, Random random, String seed) {
    ByteBuf model = Unpooled.buffer(16, MAX);
    ByteBuf buffer = buffers.directBuffer(16, MAX);
    Deque<ByteBuf> kept = new ArrayDeque<>();
    for (int step = 0; step < STEPS; step++) {
      int kind = random.nextInt(12);
      long operand = random.nextLong();
      String expected = doOne(model, kind, operand);
      String actual = doOne(buffer, kind, operand);
      String where = seed + ", step=" + step + ", kind=" + kind;
      assertEquals(expected, actual, where);
      assertEquals(model, buffer, where);
      assertEquals(model.readerIndex(), buffer.readerIndex(), where);
      assertEquals(model.writerIndex(), buffer.writerIndex(), where);
      if (random.nextInt(50) == 0) {
        kept.add(buffer.retainedDuplicate());
      }
      if (kept.size() > 10) {
        kept.remove().release();
      }
    }
    kept.forEach(ByteBuf::release);
    assertEquals(1, buffer.refCnt());
    buffer.release();
    model.release();
  }

  /** {@return what came of it} An error is told by its class: messages name the buffer. */
  private static String doOne(ByteBuf buffer, int kind, long operand) {
    int number = (int) (operand & 0x7FFF) % MAX;
    try {
      return switch (kind) {
        case 0 -> "" + buffer.writeLong(operand).writerIndex();
        case 1 -> "" + buffer.writeIntLE((int) operand).writerIndex();
        case 2 -> "" + buffer.writeMedium((int) operand).writerIndex();
        case 3 -> "" + buffer.writeZero(number % 300).writerIndex();
        case 4 -> "" + buffer.readLongLE();
        case 5 -> "" + buffer.readUnsignedShort();
        case 6 -> "" + buffer.skipBytes(number % 100).readerIndex();
        case 7 -> "" + buffer.discardReadBytes().writerIndex();
        case 8 -> "" + buffer.capacity(Math.max(number, 1)).capacity();
        case 9 ->
            buffer.writerIndex() < 16
                ? "what is not written is undefined"
                : "" + buffer.getLong(number % (buffer.writerIndex() - 8));
        case 10 -> "" + buffer.setInt(number % Math.max(1, buffer.writerIndex()), 42).writerIndex();
        default -> "" + buffer.indexOf(buffer.readerIndex(), buffer.writerIndex(), (byte) operand);
      };
    } catch (IndexOutOfBoundsException e) {
      return "out of bounds";
    }
  }
}
