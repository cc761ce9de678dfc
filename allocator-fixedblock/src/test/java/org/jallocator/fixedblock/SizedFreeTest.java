package org.jallocator.fixedblock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jallocator.Allocator;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.OwningAllocator;
import org.jallocator.testkit.PlainLeaf;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Frees that come with a size, over size classes: alone, and as the primary of a fallback. */
final class SizedFreeTest {

  /** Each of a class of its own. */
  private static final long[] SIZES = {16, 100, 1000, 2000};

  /** What is tried, with its parts in the order of closing. */
  private record Subject(Allocator allocator, List<Allocator> parts) {

    boolean isShared() {
      return allocator.isShared();
    }

    void close() {
      allocator.close();
      for (Allocator part : parts) {
        part.close();
      }
    }
  }

  private record Block(long address, long size) {}

  static Stream<Named<Subject>> subjects() {
    return Stream.of(
        Named.of("confined", new Subject(classes(false), List.of())),
        Named.of("shared", new Subject(classes(true), List.of())),
        fallback("confined, other a leaf", classes(false), leaf()),
        fallback("shared, other a leaf", classes(true), leaf()),
        owningFallback("confined, other owning", classes(false), classes(false)),
        owningFallback("shared, other owning", classes(true), classes(true)));
  }

  private static Named<Subject> fallback(String name, OwningAllocator primary, Allocator other) {
    return Named.of(
        name, new Subject(FallbackAllocator.create(primary, other), List.of(primary, other)));
  }

  private static Named<Subject> owningFallback(
      String name, OwningAllocator primary, OwningAllocator other) {
    return Named.of(
        name, new Subject(FallbackAllocator.create(primary, other), List.of(primary, other)));
  }

  private static Allocator leaf() {
    return new PlainLeaf(RecordingAllocator.create());
  }

  private static SizeClassAllocator classes(boolean shared) {
    var builder = SizeClassAllocator.builder(RecordingAllocator.create());
    return (shared ? builder.shared() : builder).build();
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void aSizeOfAnotherClassIsRefusedAndTheBlockStaysLive(Subject subject)
      throws InterruptedException {
    List<Block> blocks = mallocSome(subject.allocator());
    refuseAll(subject.allocator(), blocks);
    if (subject.isShared()) {
      Crew.run(1, member -> refuseAll(subject.allocator(), blocks));
    }
    blocks.forEach(block -> subject.allocator().free(block.address(), block.size()));
    assertEquals(0, subject.allocator().stats().liveBlocks());
    subject.close();
  }

  private static List<Block> mallocSome(Allocator allocator) {
    List<Block> blocks = new ArrayList<>();
    for (int i = 0; i < 400; i++) { // of each class more than a word
      long size = SIZES[i % SIZES.length];
      blocks.add(new Block(allocator.malloc(size), size));
    }
    return blocks;
  }

  private static void refuseAll(Allocator allocator, List<Block> blocks) {
    var before = allocator.stats();
    for (Block block : blocks) {
      for (long size : SIZES) {
        if (size != block.size()) {
          assertMismatch(() -> allocator.free(block.address(), size));
          if (allocator instanceof OwningAllocator owning) {
            assertMismatch(() -> owning.tryFree(block.address(), size));
          }
        }
      }
    }
    assertEquals(before, allocator.stats());
  }

  private static void assertMismatch(Executable free) {
    var refused = assertThrows(InvalidFreeException.class, free);
    assertEquals(Reason.SIZE_MISMATCH, refused.reason(), refused::getMessage);
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void eachSizeThatTheBlockServesIsAccepted(Subject subject) throws InterruptedException {
    Allocator allocator = subject.allocator();
    for (long size : SIZES) {
      long least = size == 16 ? 1 : size - 3;
      for (long other = least; other <= allocator.goodSize(size); other++) {
        allocator.free(allocator.malloc(size), other); // the block handed out last
        long first = allocator.malloc(size);
        long last = allocator.malloc(size);
        allocator.free(first, other);
        free(allocator, last, other);
      }
    }
    if (subject.isShared()) {
      List<Block> blocks = mallocSome(allocator);
      Crew.run(
          1, member -> blocks.forEach(block -> free(allocator, block.address(), block.size())));
    }
    assertEquals(0, allocator.stats().liveBlocks());
    subject.close();
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void aBlockIsNotFreedTwiceByItsSize(Subject subject) {
    Allocator allocator = subject.allocator();
    List<Block> blocks = mallocSome(allocator);
    for (Block block : blocks) {
      allocator.free(block.address(), block.size());
      var refused =
          assertThrows(
              InvalidFreeException.class, () -> allocator.free(block.address(), block.size()));
      assertTrue(refused.reason() == Reason.DOUBLE_FREE || refused.reason() == Reason.FOREIGN);
    }
    assertEquals(0, allocator.stats().liveBlocks());
    subject.close();
  }

  private static void free(Allocator allocator, long address, long size) {
    if (allocator instanceof OwningAllocator owning) {
      assertTrue(owning.tryFree(address, size));
    } else {
      allocator.free(address, size);
    }
  }
}
