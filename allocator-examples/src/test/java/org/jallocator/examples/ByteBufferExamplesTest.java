package org.jallocator.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.apache.lucene.store.ByteBuffersDataInput;
import org.apache.lucene.store.ByteBuffersDataOutput;
import org.jallocator.jna.AllocatorByteBuffers;
import org.jallocator.stack.AllocatorStack;
import org.junit.jupiter.api.Test;

/** Parquet and Lucene over stacks. Closing a stack finds what they did not give back. */
final class ByteBufferExamplesTest {

  private static final int VALUES = 500_000;

  @Test
  void parquetEncodesAndDecodesInBuffersOfAStack() throws IOException {
    try (AllocatorStack stack = AllocatorStack.open("@general")) {
      long sum = ParquetBuffers.encodeAndDecode(stack.allocator(), VALUES);
      assertEquals((VALUES - 1L) * VALUES / 2, sum);
      assertTrue(stack.allocator().stats().peakReservedBytes() > VALUES * 8L);
      assertEquals(0, stack.allocator().stats().liveBlocks());
    }
  }

  @Test
  void luceneIndexesAndSearchesInBuffersOfAStack() throws IOException {
    try (AllocatorStack stack = AllocatorStack.open("@general")) {
      try (LuceneBuffers buffers = new LuceneBuffers(stack.allocator())) {
        assertEquals(1000, LuceneBuffers.indexAndSearch(buffers, 3000));
        assertTrue(stack.allocator().stats().liveBlocks() > 0);
      }
      assertEquals(0, stack.allocator().stats().liveBlocks());
    }
  }

  /** Beyond a hundred blocks Lucene moves what it has to larger ones, and frees the small ones. */
  @Test
  void anOutputOfLuceneGivesItsSmallBuffersBackAsItGrows() throws IOException {
    try (AllocatorStack stack = AllocatorStack.open("@general")) {
      AllocatorByteBuffers buffers = AllocatorByteBuffers.over(stack.allocator());
      ByteBuffersDataOutput output =
          new ByteBuffersDataOutput(6, 16, buffers::malloc, buffers::free);
      for (int i = 0; i < VALUES; i++) {
        output.writeLong(i);
      }
      assertTrue(stack.allocator().stats().liveBlocks() <= 100);
      ByteBuffersDataInput input = output.toDataInput();
      for (int i = 0; i < VALUES; i++) {
        assertEquals(i, input.readLong());
      }
      output.reset();
      assertEquals(0, stack.allocator().stats().liveBlocks());
    }
  }
}
