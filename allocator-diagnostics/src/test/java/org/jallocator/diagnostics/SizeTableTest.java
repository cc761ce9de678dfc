package org.jallocator.diagnostics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class SizeTableTest {

  private static final long ADDRESS = 0x1000;
  private static final long SIZE = 777;

  @Test
  void anAddressThatIsNotInTheTableHasNoSizeAlsoBetweenTheTwoStoresOfAPut() {
    SizeTable table = new SizeTable();
    int empty = table.find(ADDRESS);
    table.setSize(empty, SIZE); // as put does for whatever block goes there
    assertEquals(0, table.sizeOf(ADDRESS));
    table.put(empty, ADDRESS, SIZE);
    assertEquals(SIZE, table.sizeOf(ADDRESS));
  }
}
