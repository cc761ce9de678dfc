package org.jallocator.jna;

import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Direct buffers on any address, without a JNI crossing for each. A window is a buffer of all
 * addresses from a multiple of 1 GiB on, as far as a buffer goes; nobody touches what is not mapped
 * there. A buffer on a block is a slice of the window that the block starts in.
 *
 * <pre>
 *   window   |----- STEP -----|----- STEP -----| less one byte
 *   block            |---- at most STEP bytes ----|
 * </pre>
 *
 * <p>Shared, never blocks. Threads that find no window at once make one each; one stays.
 */
final class BufferWindows {

  private static final int STEP_BITS = 30;
  private static final long STEP = 1L << STEP_BITS;
  private static final int MAX_WINDOWS = 64;

  /** A window, with the address that it starts at. */
  private record Window(long base, ByteBuffer all) {}

  /** By address; a window that comes replaces the one before. Plain: a window is immutable. */
  private static final @Nullable Window[] WINDOWS = new @Nullable Window[MAX_WINDOWS];

  private BufferWindows() {}

  /**
   * {@return a new buffer on memory, in the platform's byte order}
   *
   * @param address the first byte
   * @param bytes the buffer's capacity, at least 0
   */
  static ByteBuffer buffer(long address, int bytes) {
    long base = address & -STEP;
    Window window = WINDOWS[(int) (address >>> STEP_BITS) & MAX_WINDOWS - 1];
    if (window == null || window.base != base || bytes > STEP) {
      return bufferSlow(address, bytes);
    }
    return window.all.slice((int) (address - base), bytes).order(ByteOrder.nativeOrder());
  }

  private static ByteBuffer bufferSlow(long address, int bytes) {
    if (bytes > STEP) {
      return make(address, bytes);
    }
    long base = address & -STEP;
    Window window = new Window(base, make(base, Integer.MAX_VALUE));
    WINDOWS[(int) (address >>> STEP_BITS) & MAX_WINDOWS - 1] = window;
    return window.all.slice((int) (address - base), bytes).order(ByteOrder.nativeOrder());
  }

  private static ByteBuffer make(long address, long bytes) {
    return new Pointer(address).getByteBuffer(0, bytes).order(ByteOrder.nativeOrder());
  }
}
