package org.jallocator.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class BufferWindowsTest {

  private static final long STEP = 1L << 30;

  /** The buffers are not touched: there is nothing at their addresses. */
  private static void check(long address, int bytes) {
    ByteBuffer buffer = BufferWindows.buffer(address, bytes);
    assertTrue(buffer.isDirect());
    assertEquals(ByteOrder.nativeOrder(), buffer.order());
    assertEquals(0, buffer.position());
    assertEquals(bytes, buffer.limit());
    assertEquals(bytes, buffer.capacity());
    if (bytes > 0) {
      assertEquals(
          Long.toHexString(address),
          Long.toHexString(Pointer.nativeValue(Native.getDirectBufferPointer(buffer))));
    }
  }

  @Test
  void aBufferStartsAtItsAddressWhereverThatIsInAWindow() {
    long[] bases = {0, STEP, 5 * STEP, 64 * STEP, 69 * STEP, 1L << 46, 0x7FFF_C000_0000L};
    for (long base : bases) {
      for (long offset : new long[] {1, 16, 4096, STEP - 1, STEP, STEP + 1}) {
        for (int bytes : new int[] {0, 1, 4096, 1 << 30, Integer.MAX_VALUE}) {
          check(base + offset, bytes);
        }
      }
    }
  }

  @Test
  void anAddressOfTheUpperHalfIsAnAddress() {
    check(0xFFFF_8000_0000_0010L, 16);
    check(-4096, 4096);
  }

  @Test
  void addressesAtRandomReplaceEachOthersWindows() {
    Random random = new Random(20261129);
    for (int i = 0; i < 20_000; i++) {
      check(1 + random.nextInt() + (long) random.nextInt(200) * STEP + (1L << 40), 1 + i);
    }
  }

  @Test
  void twoBuffersOnOneBlockSeeTheSameBytesAndAreTwo() {
    long address = Native.malloc(8);
    ByteBuffer buffer = BufferWindows.buffer(address, 8);
    ByteBuffer other = BufferWindows.buffer(address, 8);
    assertNotSame(buffer, other);
    buffer.putLong(0, 0x0102030405060708L);
    assertEquals(0x0102030405060708L, other.getLong(0));
    assertEquals(0x0102030405060708L, new Pointer(address).getLong(0));
    Native.free(address);
  }
}
