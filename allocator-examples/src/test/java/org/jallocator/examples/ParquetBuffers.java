package org.jallocator.examples;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.parquet.bytes.ByteBufferAllocator;
import org.apache.parquet.bytes.ByteBufferInputStream;
import org.apache.parquet.column.values.plain.PlainValuesReader.LongPlainValuesReader;
import org.apache.parquet.column.values.plain.PlainValuesWriter;
import org.jallocator.Allocator;
import org.jallocator.jna.AllocatorByteBuffers;
import org.jallocator.stack.AllocatorStack;

/**
 * Parquet's direct buffers from a stack. Parquet takes the allocator by {@code
 * ParquetProperties.Builder.withAllocator} and {@code ParquetReadOptions.Builder.withAllocator}.
 */
final class ParquetBuffers implements ByteBufferAllocator {

  private final AllocatorByteBuffers buffers;

  /** Serves from an allocator; a shared one if Parquet is used by several threads. */
  ParquetBuffers(Allocator allocator) {
    buffers = AllocatorByteBuffers.over(allocator);
  }

  @Override
  public ByteBuffer allocate(int size) {
    return buffers.malloc(size);
  }

  @Override
  public void release(ByteBuffer buffer) {
    buffers.free(buffer);
  }

  @Override
  public boolean isDirect() {
    return true;
  }

  /**
   * Encodes numbers as a page of Parquet's, and decodes it.
   *
   * @return the sum of what was decoded
   */
  static long encodeAndDecode(Allocator allocator, int values) throws IOException {
    ParquetBuffers buffers = new ParquetBuffers(allocator);
    ByteBuffer page;
    PlainValuesWriter writer = new PlainValuesWriter(1024, 1 << 20, buffers);
    try {
      for (int i = 0; i < values; i++) {
        writer.writeLong(i);
      }
      page = writer.getBytes().toByteBuffer(buffers, bytes -> {});
    } finally {
      writer.close();
    }
    try {
      LongPlainValuesReader reader = new LongPlainValuesReader();
      reader.initFromPage(values, ByteBufferInputStream.wrap(page.duplicate()));
      long sum = 0;
      for (int i = 0; i < values; i++) {
        sum += reader.readLong();
      }
      return sum;
    } finally {
      buffers.release(page);
    }
  }

  /** Runs it over the stack that {@code -Dallocator.stack} says, or {@code @general}. */
  public static void main(String... args) throws IOException {
    try (AllocatorStack stack =
        AllocatorStack.open(System.getProperty("allocator.stack", "@general"))) {
      System.out.println("sum " + encodeAndDecode(stack.allocator(), 1_000_000));
      System.out.print(stack.describe());
    }
  }
}
