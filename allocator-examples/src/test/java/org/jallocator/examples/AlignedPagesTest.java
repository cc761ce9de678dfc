package org.jallocator.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.Stream;
import org.jallocator.stack.AllocatorStack;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class AlignedPagesTest {

  static Stream<String> leaves() {
    return Stream.of(
            "jna(alignment=4KiB)",
            "library(name=jemalloc, alignment=4KiB)",
            "library(name=mimalloc, prefix=mi_, alignment=4KiB)")
        .filter(leaf -> leaf.startsWith("jna") || Installed.has(leaf.split("[=,]", 3)[1]));
  }

  @ParameterizedTest
  @MethodSource("leaves")
  void aLayerOverAnAlignedLeafAsksForNoSlack(String leaf) {
    String pages = "fixedblock(blockSize=4KiB, pageSize=64KiB, alignment=4KiB, " + leaf + ")";
    try (var stack = AllocatorStack.open(pages)) {
      long address = stack.allocator().malloc(4096);
      assertEquals(0, address % 4096);
      assertEquals(64 * 1024, stack.allocator().stats().reservedBytes());
      stack.allocator().free(address);
    }
  }
}
