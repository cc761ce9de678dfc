package org.jallocator.examples;

import com.sun.jna.Pointer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;
import org.jallocator.Allocator;
import org.jallocator.jna.AllocatorCallbacks;
import org.jallocator.jna.NativeScope;
import org.jallocator.stack.AllocatorStack;

/**
 * Deflates a file and inflates it again, with zlib's own memory and the buffers from one stack: the
 * windows of zlib, and the buffers, are blocks of 64 KiB.
 */
public final class ZlibExample {

  /** The stack for zlib. */
  public static final String STACK =
      "fallback(fixedblock(blockSize=64KiB, pageSize=512KiB, jna), jna)";

  private static final int BUFFER = 64 * 1024;
  private static final int LEVEL = 6;

  private ZlibExample() {}

  /**
   * Runs the example.
   *
   * @param args a file, and {@code direct} for direct mapping
   * @throws IOException if the file cannot be read
   */
  public static void main(String[] args) throws IOException {
    Zlib zlib = List.of(args).contains("direct") ? Zlib.direct() : Zlib.byInterface();
    byte[] file = Files.readAllBytes(Path.of(args[0]));
    try (var stack = AllocatorStack.open(STACK);
        var callbacks = AllocatorCallbacks.of(stack.allocator(), Throwable::printStackTrace)) {
      byte[] deflated = deflate(zlib, callbacks, stack.allocator(), new ByteArrayInputStream(file));
      byte[] inflated =
          inflate(zlib, callbacks, stack.allocator(), new ByteArrayInputStream(deflated));
      System.out.println(
          file.length
              + " bytes, deflated "
              + deflated.length
              + ", same: "
              + Arrays.equals(file, inflated));
      System.out.println(stack.describe());
    }
  }

  /**
   * {@return the input, deflated}
   *
   * @param zlib the library
   * @param callbacks what zlib takes its memory from
   * @param allocator what the stream and the buffers are taken from
   * @param in the input
   * @throws IOException if the input cannot be read
   */
  public static byte[] deflate(
      Zlib zlib, AllocatorCallbacks callbacks, Allocator allocator, InputStream in)
      throws IOException {
    try (NativeScope scope = NativeScope.open(allocator)) {
      var stream = stream(scope, callbacks);
      require(zlib.deflateInit_(stream, LEVEL, zlib.zlibVersion(), stream.size()), Zlib.Z_OK);
      try {
        return pump(stream, flush -> zlib.deflate(stream, flush), scope, in);
      } finally {
        zlib.deflateEnd(stream);
      }
    }
  }

  /**
   * {@return the input, inflated}
   *
   * @param zlib the library
   * @param callbacks what zlib takes its memory from
   * @param allocator what the stream and the buffers are taken from
   * @param in the input
   * @throws IOException if the input cannot be read
   */
  public static byte[] inflate(
      Zlib zlib, AllocatorCallbacks callbacks, Allocator allocator, InputStream in)
      throws IOException {
    try (NativeScope scope = NativeScope.open(allocator)) {
      var stream = stream(scope, callbacks);
      require(zlib.inflateInit_(stream, zlib.zlibVersion(), stream.size()), Zlib.Z_OK);
      try {
        return pump(stream, flush -> zlib.inflate(stream, flush), scope, in);
      } finally {
        zlib.inflateEnd(stream);
      }
    }
  }

  /**
   * {@return a new stream, for zlib to take its own memory from callbacks}
   *
   * @param scope what the stream itself is taken from
   * @param callbacks what zlib takes its memory from
   */
  public static Zlib.ZStream stream(NativeScope scope, AllocatorCallbacks callbacks) {
    var stream = scope.struct(Zlib.ZStream.class);
    stream.zalloc = callbacks.zallocFunction();
    stream.zfree = callbacks.zfreeFunction();
    return stream;
  }

  private static byte[] pump(
      Zlib.ZStream stream, IntUnaryOperator step, NativeScope scope, InputStream in)
      throws IOException {
    var out = new ByteArrayOutputStream();
    pump(stream, step, scope.memory(BUFFER), scope.memory(BUFFER), in, out);
    return out.toByteArray();
  }

  private static void pump(
      Zlib.ZStream stream,
      IntUnaryOperator step,
      Pointer input,
      Pointer output,
      InputStream in,
      OutputStream out)
      throws IOException {
    byte[] bytes = new byte[BUFFER];
    int result;
    int read;
    do {
      read = in.readNBytes(bytes, 0, BUFFER);
      input.write(0, bytes, 0, read);
      stream.nextIn = input;
      stream.availIn = read;
      do {
        stream.nextOut = output;
        stream.availOut = BUFFER;
        result = step.applyAsInt(read < BUFFER ? Zlib.Z_FINISH : Zlib.Z_NO_FLUSH);
        require(result, Zlib.Z_OK, Zlib.Z_STREAM_END, Zlib.Z_BUF_ERROR);
        out.write(output.getByteArray(0, BUFFER - stream.availOut));
      } while (stream.availOut == 0);
    } while (read == BUFFER);
    require(result, Zlib.Z_STREAM_END);
  }

  private static void require(int result, Integer... expected) throws IOException {
    if (!List.of(expected).contains(result)) {
      throw new IOException("zlib failed: result=" + result);
    }
  }
}
