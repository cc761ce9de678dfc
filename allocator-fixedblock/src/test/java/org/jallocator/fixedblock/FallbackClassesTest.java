package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jallocator.Allocator;
import org.jallocator.OwningAllocator;
import org.jallocator.testkit.PlainLeaf;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Each shape of fallback has a class of its own, and all of them are fallbacks. */
class FallbackClassesTest {

  /** More than there are copies. */
  private static final int MANY = 80;

  private final Deque<Allocator> opened = new ArrayDeque<>();
  private final Allocator leaf = opened(new PlainLeaf(opened(RecordingAllocator.create())));

  @AfterEach
  void closeOuterOnesFirst() {
    opened.forEach(Allocator::close);
  }

  @Test
  void twoOfOneShapeHaveOneClass() {
    assertSame(over(classes(), leaf).getClass(), over(classes(), leaf).getClass());
  }

  @Test
  void shapesDifferInThePrimary() {
    assertNotSame(over(classes(), leaf).getClass(), over(blocks(), leaf).getClass());
  }

  @Test
  void shapesDifferInTheNextTier() {
    FallbackAllocator tier = over(classes(), leaf);

    assertNotSame(over(blocks(), leaf).getClass(), over(blocks(), tier).getClass());
  }

  @Test
  void owningOnesAreOwning() {
    assertInstanceOf(OwningFallbackAllocator.class, over(blocks(), classes()));
    assertFalse(over(blocks(), leaf) instanceof OwningAllocator);
  }

  @Test
  void moreShapesThanCopiesAreServedByOneClass() {
    FallbackAllocator tiers = over(blocks(), leaf);
    for (int i = 0; i < MANY; i++) {
      tiers = over(blocks(), tiers);
    }
    assertSame(PlainFallback.class, tiers.getClass());
    assertSame(PlainFallback.class, over(blocks(), tiers).getClass());

    long small = tiers.malloc(64);
    long large = tiers.malloc(1000);
    tiers.free(small);
    tiers.free(large, 1000);
    assertEquals(0, tiers.stats().liveBlocks());
  }

  /** A copy cannot inherit from a copy: so what both have in common is written twice. */
  @Test
  void theHotHalvesOfBothKindsAreTheSame() throws IOException {
    assertEquals(hotHalf(PlainFallback.class), hotHalf(OwningFallback.class));
  }

  private static String hotHalf(Class<?> type) throws IOException {
    Path sources = Path.of("src", "main", "java", "org", "jallocator", "fixedblock");
    String source = Files.readString(sources.resolve(type.getSimpleName() + ".java"));
    return source.substring(source.indexOf("@Override"));
  }

  private OwningAllocator classes() {
    return opened(SizeClassAllocator.builder(leaf).build());
  }

  private OwningAllocator blocks() {
    return opened(FixedBlockAllocator.create(leaf, 4096, 64, 16));
  }

  private FallbackAllocator over(OwningAllocator primary, Allocator other) {
    return opened(FallbackAllocator.create(primary, other));
  }

  private <T extends Allocator> T opened(T allocator) {
    opened.push(allocator);
    return allocator;
  }
}
