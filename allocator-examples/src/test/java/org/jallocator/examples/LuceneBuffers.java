package org.jallocator.examples;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field.Store;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.store.ByteBuffersDataOutput;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.SingleInstanceLockFactory;
import org.jallocator.Allocator;
import org.jallocator.jna.AllocatorByteBuffers;
import org.jallocator.stack.AllocatorStack;

/**
 * An index of Lucene's in memory, its files in direct buffers from a stack.
 *
 * <p>Lucene gives an output's buffers back when the output grows and when it is reset, but not when
 * its file is deleted or the directory closed. So the outputs are kept here, and are reset at
 * closing.
 */
final class LuceneBuffers implements AutoCloseable {

  private static final int MIN_BITS = 10;
  private static final int MAX_BITS = 20;

  private final AllocatorByteBuffers buffers;
  private final List<ByteBuffersDataOutput> outputs =
      Collections.synchronizedList(new ArrayList<>());
  private final ByteBuffersDirectory directory;

  /** Serves from an allocator; a shared one if the index is used by several threads. */
  LuceneBuffers(Allocator allocator) {
    buffers = AllocatorByteBuffers.over(allocator);
    directory =
        new ByteBuffersDirectory(
            new SingleInstanceLockFactory(),
            this::newOutput,
            ByteBuffersDirectory.OUTPUT_AS_MANY_BUFFERS);
  }

  private ByteBuffersDataOutput newOutput() {
    ByteBuffersDataOutput output =
        new ByteBuffersDataOutput(MIN_BITS, MAX_BITS, buffers::malloc, buffers::free);
    outputs.add(output);
    return output;
  }

  ByteBuffersDirectory directory() {
    return directory;
  }

  /** Closes the directory and frees all of its buffers. No reader may be open. */
  @Override
  public void close() {
    try {
      directory.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    outputs.forEach(ByteBuffersDataOutput::reset);
    outputs.clear();
  }

  /**
   * Indexes documents, every third of which is about memory.
   *
   * @return how many are found to be
   */
  static int indexAndSearch(LuceneBuffers buffers, int documents) throws IOException {
    try (IndexWriter writer =
        new IndexWriter(buffers.directory(), new IndexWriterConfig(new StandardAnalyzer()))) {
      for (int i = 0; i < documents; i++) {
        Document document = new Document();
        String text = "document " + i + (i % 3 == 0 ? " is about memory" : " is not");
        document.add(new TextField("text", text, Store.YES));
        writer.addDocument(document);
      }
    }
    try (DirectoryReader reader = DirectoryReader.open(buffers.directory())) {
      return new IndexSearcher(reader).count(new TermQuery(new Term("text", "memory")));
    }
  }

  /** Runs it over the stack that {@code -Dallocator.stack} says, or {@code @general}. */
  public static void main(String... args) throws IOException {
    try (AllocatorStack stack =
        AllocatorStack.open(System.getProperty("allocator.stack", "@general"))) {
      try (LuceneBuffers buffers = new LuceneBuffers(stack.allocator())) {
        System.out.println("found " + indexAndSearch(buffers, 30_000));
        System.out.print(stack.describe());
      }
    }
  }
}
