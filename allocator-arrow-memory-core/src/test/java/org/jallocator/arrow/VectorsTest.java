package org.jallocator.arrow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.apache.arrow.c.ArrowArray;
import org.apache.arrow.c.ArrowSchema;
import org.apache.arrow.c.Data;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.impl.UnionListWriter;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Arrow's vectors, streams and C data interface over stacks of ours. */
final class VectorsTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "@general",
        "fallback(sizeclass(shared=true, alignment=64, jna), large(shared=true, alignment=64, jna))"
      })
  void growFromOneRowToAMillion(String expression) {
    try (ArrowRoot arrow = ArrowRoot.open(expression)) {
      try (IntVector vector = new IntVector("grows", arrow.allocator())) {
        vector.allocateNew(1);
        for (int i = 0; i < 1_000_000; i++) {
          vector.setSafe(i, i);
        }
        vector.setValueCount(1_000_000);
        for (int i = 0; i < 1_000_000; i += 999) {
          assertEquals(i, vector.get(i));
        }
        arrow.assertHoldsAllOfArrowsBytes();
      }
    }
  }

  @Test
  void holdListsOfLists() {
    try (ArrowRoot arrow = ArrowRoot.open("@general")) {
      try (ListVector lists = ListVector.empty("lists", arrow.allocator())) {
        UnionListWriter writer = lists.getWriter();
        writer.allocate();
        for (int i = 0; i < 2000; i++) {
          writer.setPosition(i);
          writer.startList();
          for (int j = 0; j < i % 10; j++) {
            writer.bigInt().writeBigInt((long) i * j);
          }
          writer.endList();
        }
        writer.setValueCount(2000);
        BigIntVector values = (BigIntVector) lists.getDataVector();
        assertEquals(9, lists.getElementEndIndex(1999) - lists.getElementStartIndex(1999));
        assertEquals(1999L * 8, values.get(lists.getElementEndIndex(1999) - 1));
        arrow.assertHoldsAllOfArrowsBytes();
      }
    }
  }

  @Test
  void giveTheirBuffersToAnotherAllocator() {
    try (ArrowRoot arrow = ArrowRoot.open("@general");
        var one = arrow.allocator().newChildAllocator("one", 0, Long.MAX_VALUE);
        var two = arrow.allocator().newChildAllocator("two", 0, Long.MAX_VALUE)) {
      IntVector source = new IntVector("source", one);
      source.allocateNew(100);
      source.setSafe(99, 4711);
      source.setValueCount(100);
      var transfer = source.getTransferPair("target", two);
      transfer.transfer();
      source.close();
      assertEquals(0, one.getAllocatedMemory());
      try (IntVector target = (IntVector) transfer.getTo()) {
        assertEquals(4711, target.get(99));
      }
    }
  }

  @Test
  void comeBackFromAStream() throws IOException {
    try (ArrowRoot arrow = ArrowRoot.open("@general")) {
      var bytes = new ByteArrayOutputStream();
      try (VectorSchemaRoot table = Table.create(arrow.allocator());
          ArrowStreamWriter writer = new ArrowStreamWriter(table, null, bytes)) {
        for (int batch = 0; batch < 5; batch++) {
          Table.fill(table, batch * 1000L, 1000);
          writer.writeBatch();
        }
        writer.end();
      }
      assertEquals(0, arrow.liveBlocks());
      try (ArrowStreamReader reader =
          new ArrowStreamReader(new ByteArrayInputStream(bytes.toByteArray()), arrow.allocator())) {
        for (int batch = 0; batch < 5; batch++) {
          assertTrue(reader.loadNextBatch());
          assertEquals(1000, reader.getVectorSchemaRoot().getRowCount());
          Table.assertRows(reader.getVectorSchemaRoot(), batch * 1000L);
          arrow.assertHoldsAllOfArrowsBytes();
        }
        assertFalse(reader.loadNextBatch());
      }
    }
  }

  @Test
  void crossTheCDataInterfaceWithoutACopy() {
    try (ArrowRoot exporter = ArrowRoot.open("@general");
        ArrowRoot importer = ArrowRoot.open("@general")) {
      try (ArrowArray array = ArrowArray.allocateNew(importer.allocator());
          ArrowSchema schema = ArrowSchema.allocateNew(importer.allocator())) {
        try (VectorSchemaRoot table = Table.create(exporter.allocator())) {
          Table.fill(table, 0, 1000);
          Data.exportVectorSchemaRoot(exporter.allocator(), table, null, array, schema);
        }
        assertTrue(exporter.liveBlocks() > 0);
        long before = importer.liveBlocks();
        try (VectorSchemaRoot imported =
            Data.importVectorSchemaRoot(importer.allocator(), array, schema, null)) {
          Table.assertRows(imported, 0);
          assertNotNull(imported.getVector("name"));
          // Arrow counts the foreign bytes, and no block of ours is behind them.
          assertTrue(importer.allocator().getAllocatedMemory() > 16_000);
          assertTrue(importer.liveBlocks() <= before + 1, "live=" + importer.liveBlocks());
        }
      }
      assertEquals(0, exporter.liveBlocks());
    }
  }
}
