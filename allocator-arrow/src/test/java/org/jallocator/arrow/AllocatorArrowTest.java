package org.jallocator.arrow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.memory.RootAllocator;
import org.jallocator.Allocator;
import org.jallocator.stack.AllocatorStack;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class AllocatorArrowTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jna",
        "@general",
        "sizeclass(maxSize=1MiB, shared=true, jna)",
        "fallback(sizeclass(shared=true, alignment=64, jna), large(shared=true, alignment=64, jna))"
      })
  void alignsEveryBufferTo64(String expression) {
    try (ArrowStack arrow = ArrowStack.open(expression)) {
      List<ArrowBuf> buffers = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        ArrowBuf buffer = arrow.root().buffer(1 + (i * 97) % 5000);
        assertEquals(0, buffer.memoryAddress() % 64, expression);
        buffer.setZero(0, buffer.capacity());
        buffers.add(buffer);
      }
      buffers.forEach(ArrowBuf::close);
    }
  }

  @Test
  void asksForNoSlackIfTheAllocatorAligns() {
    try (ArrowStack arrow =
            ArrowStack.open("sizeclass(maxSize=1MiB, alignment=64, shared=true, jna)");
        ArrowBuf buffer = arrow.root().buffer(4096)) {
      assertEquals(4096, arrow.stack().allocator().stats().liveBytes());
      assertEquals(4096, buffer.capacity());
    }
  }

  @Test
  void refusesAConfinedAllocatorAndSaysTheRemedy() {
    try (AllocatorStack stack = AllocatorStack.open("sizeclass(jna)")) {
      var thrown =
          assertThrows(
              IllegalArgumentException.class, () -> AllocatorArrow.factory(stack.allocator()));
      ArrowStack.assertSays("remedy=shared=true", thrown);
      thrown =
          assertThrows(
              IllegalArgumentException.class, () -> AllocatorArrow.install(stack.allocator()));
      ArrowStack.assertSays("remedy=shared=true", thrown);
    }
  }

  @Test
  void throwsArrowsOwnExceptionIfThereIsNoMemory() {
    try (var inner = RecordingAllocator.create();
        RootAllocator root = ArrowStack.root(inner, Long.MAX_VALUE)) {
      inner.failFrom(1, RecordingAllocator.Failure.RETURNS_NULL);
      var thrown = assertThrows(OutOfMemoryException.class, () -> root.buffer(1024));
      ArrowStack.assertSays("size=1024", thrown);
      assertEquals(0, root.getAllocatedMemory());
    }
  }

  @Test
  void throwsArrowsOwnExceptionIfTheSizeIsMoreThanTheAllocatorServes() {
    try (ArrowStack arrow = ArrowStack.open("sizeclass(shared=true, jna)")) {
      var thrown = assertThrows(OutOfMemoryException.class, () -> arrow.root().buffer(1 << 20));
      ArrowStack.assertSays("size=1048576, limit=", thrown);
      assertThrows(OutOfMemoryException.class, () -> arrow.root().buffer(Long.MAX_VALUE - 1));
      assertEquals(0, arrow.root().getAllocatedMemory());
      arrow.root().buffer(100).close();
    }
  }

  /** An allocator of Arrow that cannot book anything. */
  private static BufferAllocator broken(Error error) {
    return (BufferAllocator)
        Proxy.newProxyInstance(
            BufferAllocator.class.getClassLoader(),
            new Class<?>[] {BufferAllocator.class},
            (proxy, method, arguments) -> {
              throw error;
            });
  }

  @Test
  void losesNoBlockIfArrowCannotBookIt() {
    BufferAllocator broken = broken(new OutOfMemoryError("planned"));
    try (ArrowStack arrow = ArrowStack.open("@general")) {
      var factory = AllocatorArrow.factory(arrow.stack().allocator());
      assertThrows(OutOfMemoryError.class, () -> factory.create(broken, 64));
      assertEquals(0, arrow.liveBlocks());
    }
  }

  @Test
  void throwsWhatArrowThrewIfTheFreeAfterItIsRefusedToo() {
    OutOfMemoryError error = new OutOfMemoryError("planned");
    BufferAllocator broken = broken(error);
    try (var inner = RecordingAllocator.create()) {
      inner.failFreeOnce(1, RecordingAllocator.FreeFailure.THROWS_RUNTIME_EXCEPTION_AFTER_TAKING);
      var factory = AllocatorArrow.factory(inner);
      assertSame(error, assertThrows(Throwable.class, () -> factory.create(broken, 64)));
      assertEquals(1, error.getSuppressed().length);
    }
  }

  @Test
  void freesAWrappedBlockWithTheLastReference() {
    try (ArrowStack arrow = ArrowStack.open("@general")) {
      Allocator allocator = arrow.stack().allocator();
      long address = allocator.malloc(100);
      try (ArrowBuf buffer = AllocatorArrow.wrap(arrow.root(), allocator, address, 100)) {
        assertEquals(address, buffer.memoryAddress());
        assertEquals(100, buffer.readableBytes());
        assertEquals(100, arrow.root().getAllocatedMemory());
        assertEquals(1, arrow.liveBlocks());
      }
      assertEquals(0, arrow.liveBlocks());
    }
  }

  @Test
  void leavesABlockToItsOwnerIfItCannotBeWrapped() {
    try (ArrowStack arrow = ArrowStack.open("@general", 64)) {
      Allocator allocator = arrow.stack().allocator();
      long address = allocator.malloc(100);
      assertThrows(
          OutOfMemoryException.class,
          () -> AllocatorArrow.wrap(arrow.root(), allocator, address, 100));
      assertEquals(1, arrow.liveBlocks());
      allocator.free(address, 100);
    }
  }

  @Test
  void saysWhyItCannotBeInstalled() {
    try (ArrowStack arrow = ArrowStack.open("@general")) {
      var thrown =
          assertThrows(
              IllegalStateException.class, () -> AllocatorArrow.install(arrow.stack().allocator()));
      String why =
          AllocatorArrow.class.getModule().isNamed()
              ? "--add-opens org.apache.arrow.memory.core/org.apache.arrow.memory="
              : "present=org.apache.arrow.memory.unsafe.UnsafeAllocationManager";
      ArrowStack.assertSays(why, thrown);
    }
  }

  @Test
  void opensOneStackForTheProcess() {
    assertSame(AllocatorArrow.stack(), AllocatorArrow.stack());
    assertSame(AllocatorArrow.defaultFactory(), AllocatorArrow.defaultFactory());
    assertEquals("@general", AllocatorArrow.stack().toString());
    assertEquals("arrow", AllocatorArrow.stack().name().orElseThrow());
  }
}
