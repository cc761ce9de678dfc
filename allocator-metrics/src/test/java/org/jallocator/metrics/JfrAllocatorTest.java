package org.jallocator.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.List;
import java.util.stream.Stream;
import org.jallocator.Allocator;
import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;
import org.jallocator.fixedblock.FixedBlockAllocator;
import org.jallocator.spi.StackChecked;
import org.jallocator.stack.AllocatorStack;
import org.jallocator.testkit.AllocatorContract;
import org.jallocator.testkit.LayerKind;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The layer {@code jfr} keeps the contract, on an inner that owns and on one that does not. */
class JfrAllocatorTest {

  @Nested
  final class OnAnInnerThatKeepsNoBooks extends AllocatorContract {

    @Override
    protected Allocator create(Allocator inner) {
      return new JfrAllocator(inner, 0);
    }

    @Override
    protected LayerKind kind() {
      return LayerKind.STACK;
    }
  }

  @Nested
  final class OnAnInnerThatOwns extends AllocatorContract {

    @Override
    protected Allocator create(Allocator inner) {
      return new OwningJfrAllocator(
          below(
              FixedBlockAllocator.builder(inner)
                  .blockSize(128)
                  .pageSize(4096)
                  .shared(true)
                  .build()),
          1 << 20);
    }

    @Override
    protected LayerKind kind() {
      return LayerKind.STACK;
    }
  }

  @Test
  void isOwningWhereItsInnerIs() {
    try (AllocatorStack stack = AllocatorStack.open("jfr(fixedblock(blockSize=64, jna))")) {
      OwningAllocator allocator = assertInstanceOf(OwningAllocator.class, stack.allocator());
      long address = allocator.malloc(8);
      assertTrue(allocator.owns(address));
      assertFalse(allocator.tryFree(address ^ Long.MIN_VALUE));
      assertTrue(allocator.tryFree(address, 8));
    }
    try (AllocatorStack stack = AllocatorStack.open("jfr(sample=512KiB, jna)")) {
      assertFalse(stack.allocator() instanceof OwningAllocator);
      assertEquals("jfr(sample=512KiB, jna)", stack.toString());
    }
  }

  @Test
  void aStackOverflowHasTakenNothingIffThatIsSoOfTheInner() {
    for (String stack : List.of("jfr(jna)", "jfr(fixedblock(blockSize=64, jna))")) {
      try (AllocatorStack checked = AllocatorStack.open(stack)) {
        assertTrue(StackChecked.is(checked.allocator()), stack);
      }
    }
    RecordingAllocator inner = RecordingAllocator.create();
    assertFalse(StackChecked.is(new JfrAllocator(inner, 0)));
    assertFalse(StackChecked.is(new OwningJfrAllocator(inner, 0)));
  }

  @TestFactory
  Stream<DynamicTest> aStackThatLeaksStaysOpenAsItIs() {
    return Stream.of(
            "jfr(fixedblock(blockSize=64, jna))",
            "jfr(fixedblock(blockSize=64, shared=true, jna))",
            "jfr(fallback(fixedblock(blockSize=64, jna), jna))",
            "jfr(sample=1KiB, jfr(sizeclass(jna)))")
        .map(stack -> dynamicTest(stack, () -> leaksAndStaysOpen(stack)));
  }

  private static void leaksAndStaysOpen(String expression) {
    AllocatorStack stack = AllocatorStack.open(expression);
    Allocator allocator = stack.allocator();
    long first = allocator.malloc(8);
    long second = allocator.malloc(8);
    String before = stack.describe();
    for (int i = 0; i < 2; i++) {
      assertThrows(LeakException.class, stack::close);
      assertEquals(before, stack.describe());
      assertTrue(AllocatorStack.openStacks().contains(stack));
    }
    allocator.free(allocator.malloc(8));
    allocator.free(first, 8);
    allocator.free(second);
    stack.close();
    stack.close();
    assertThrows(IllegalStateException.class, () -> allocator.malloc(8));
    assertFalse(AllocatorStack.openStacks().contains(stack));
  }

  @Test
  void aLeakNamesTheLiveBlocksOfAnOwningInner() {
    RecordingAllocator inner = RecordingAllocator.create();
    Allocator jfr = new OwningJfrAllocator(inner, 0);
    long address = jfr.malloc(100);
    LeakException leak = assertThrows(LeakException.class, jfr::close);
    assertEquals(1, leak.liveBlocks());
    assertEquals(100, leak.liveBytes());
    assertEquals(address, leak.addresses()[0]);
    jfr.free(address);
    jfr.close();
  }

  @Test
  void aBlockWhoseMallocEndedBesideTheCloseCanBeFreed() {
    for (boolean owning : new boolean[] {false, true}) {
      RecordingAllocator inner = RecordingAllocator.create();
      Allocator jfr = owning ? new OwningJfrAllocator(inner, 0) : new JfrAllocator(inner, 0);
      jfr.close();
      long address = inner.malloc(8); // as by a malloc of jfr that began before
      assertThrows(IllegalStateException.class, () -> jfr.malloc(8));
      jfr.free(address);
      assertThrows(IllegalStateException.class, () -> jfr.free(address));
      inner.assertEverythingReturned();
    }
  }

  @Test
  void closeAndReleaseClosesAlthoughBlocksAreLive() {
    AllocatorStack stack = AllocatorStack.open("jfr(fixedblock(blockSize=64, jna))");
    stack.allocator().malloc(8);
    assertThrows(LeakException.class, stack::closeAndRelease);
    assertFalse(AllocatorStack.openStacks().contains(stack));
    stack.close();
  }
}
