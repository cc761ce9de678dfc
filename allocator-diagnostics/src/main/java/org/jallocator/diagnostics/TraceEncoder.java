package org.jallocator.diagnostics;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/** Makes gzip members of calls. Not for use by several threads at once. */
final class TraceEncoder {

  private static final int STRIDE = 3;
  private static final int LONGEST_LINE = 64;

  /** The number of each thread, by its id, in the order of appearance. */
  private final Map<Long, Integer> threads = new HashMap<>();

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final byte[] text = new byte[1 << 14];
  private int length;

  /** A gzip stream that is fast rather than small. */
  private static final class FastGzip extends GZIPOutputStream {
    FastGzip(OutputStream out) throws IOException {
      super(out, 1 << 13);
      def.setLevel(Deflater.BEST_SPEED);
    }
  }

  /** {@return one gzip member with a line for each of {@code n} calls} */
  byte[] encode(long[] calls, int n) throws IOException {
    bytes.reset();
    length = 0;
    try (FastGzip gzip = new FastGzip(bytes)) {
      for (int i = 0; i < n; i++) {
        encode(calls[i * STRIDE], calls[i * STRIDE + 1], calls[i * STRIDE + 2]);
        if (length > text.length - LONGEST_LINE) {
          gzip.write(text, 0, length);
          length = 0;
        }
      }
      gzip.write(text, 0, length);
    }
    return bytes.toByteArray();
  }

  private void encode(long thread, long id, long size) {
    Integer known = threads.get(thread);
    if (known == null) {
      known = threads.size();
      threads.put(thread, known);
    }
    put(known);
    put((byte) ' ');
    put((byte) (size == TraceFile.FREE ? 'f' : 'm'));
    put((byte) ' ');
    put(id);
    if (size != TraceFile.FREE) {
      put((byte) ' ');
      put(size);
    }
    put((byte) '\n');
  }

  private void put(byte b) {
    text[length++] = b;
  }

  private void put(long number) {
    int digits = 1;
    for (long rest = number / 10; rest != 0; rest /= 10) {
      digits++;
    }
    for (int i = length + digits - 1; i >= length; i--) {
      text[i] = (byte) ('0' + number % 10);
      number /= 10;
    }
    length += digits;
  }
}
