package org.jallocator.arrow;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/** A table of three columns whose rows follow from their numbers. Every seventh name is null. */
final class Table {

  static final Schema SCHEMA =
      new Schema(
          List.of(
              Field.nullable("id", new ArrowType.Int(64, true)),
              Field.nullable("half", new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE)),
              Field.nullable("name", new ArrowType.Utf8())));

  private Table() {}

  static VectorSchemaRoot create(BufferAllocator allocator) {
    return VectorSchemaRoot.create(SCHEMA, allocator);
  }

  /** Writes rows over what is there. */
  static void fill(VectorSchemaRoot table, long from, int rows) {
    BigIntVector ids = (BigIntVector) table.getVector("id");
    Float8Vector halves = (Float8Vector) table.getVector("half");
    VarCharVector names = (VarCharVector) table.getVector("name");
    table.allocateNew();
    for (int i = 0; i < rows; i++) {
      long row = from + i;
      ids.setSafe(i, row);
      halves.setSafe(i, row / 2.0);
      if (row % 7 == 0) {
        names.setNull(i);
      } else {
        names.setSafe(i, name(row));
      }
    }
    table.setRowCount(rows);
  }

  static void assertRows(VectorSchemaRoot table, long from) {
    BigIntVector ids = (BigIntVector) table.getVector("id");
    Float8Vector halves = (Float8Vector) table.getVector("half");
    VarCharVector names = (VarCharVector) table.getVector("name");
    for (int i = 0; i < table.getRowCount(); i++) {
      long row = from + i;
      assertEquals(row, ids.get(i));
      assertEquals(row / 2.0, halves.get(i));
      if (row % 7 == 0) {
        assertTrue(names.isNull(i));
      } else {
        assertArrayEquals(name(row), names.get(i));
      }
    }
  }

  private static byte[] name(long row) {
    return ("row " + row).getBytes(StandardCharsets.US_ASCII);
  }
}
