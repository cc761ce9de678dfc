package org.jallocator.diagnostics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The books against a model: a map by address, in the order in which blocks were entered. */
final class BooksTest {

  private static final int ADDRESSES = 300;
  private static final int BYTES = 16;

  private final Books<Block> books = new Books<>();
  private final Map<Long, Block> model = new LinkedHashMap<>();
  private final List<Block> replaced = new ArrayList<>();

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void knowTheBlocksByAddressAndByAge(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int step = 0; step < 20_000; step++) {
      long address = BYTES * (1L + random.nextInt(ADDRESSES));
      Block block = model.get(address);
      switch (random.nextInt(5)) {
        case 0, 1 -> enter(address);
        case 2 -> leaveOrRemove(address, block);
        case 3 -> books.remove(aReplacedBlock(random, address));
        default -> {
          if (block != null && block.leaving) {
            books.stay(block);
          }
        }
      }
      if (step % 50 == 0) {
        check(random.nextLong(books.lastSerial() + 1));
      }
    }
  }

  /** A reader without the monitor may see the count of frees before that of mallocs. */
  @Test
  void tellNeverMoreFreesThanMallocs() {
    books.innerFrees = 1;
    assertEquals(0, books.stats().innerFrees());
  }

  /** A block at an address that has one takes its place: the inner had it back. */
  private void enter(long address) {
    Block block = new Block(BYTES, BYTES);
    block.address = address;
    block.raw = address;
    books.begin(BYTES);
    books.enter(block);
    Block before = model.remove(address);
    if (before != null) {
      replaced.add(before);
    }
    model.put(address, block);
  }

  private void leaveOrRemove(long address, @Nullable Block block) {
    if (block != null && !block.leaving) {
      books.leave(block);
    } else if (block != null) {
      books.remove(block);
      model.remove(address);
    }
  }

  /** A free that ends when another block stands at the address already. */
  private Block aReplacedBlock(SplittableRandom random, long address) {
    if (replaced.isEmpty()) {
      enter(address);
      enter(address);
    }
    return replaced.remove(random.nextInt(replaced.size()));
  }

  private void check(long serial) {
    List<Block> live = model.values().stream().filter(block -> !block.leaving).toList();
    assertEquals(live, books.since(0));
    assertEquals(
        live.stream().filter(block -> block.serial > serial).toList(), books.since(serial));
    for (long address = BYTES; address <= BYTES * ADDRESSES; address += BYTES) {
      Block block = model.get(address);
      assertSame(block, books.find(address));
      assertSame(block, books.holderOfRaw(address + BYTES - 1));
      if (block == null || block.leaving) {
        assertNull(books.holder(address));
      } else {
        assertSame(block, books.holder(address + BYTES - 1));
      }
    }
  }
}
