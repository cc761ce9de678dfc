package org.jallocator.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicReference;
import org.jallocator.AllocatorConfigException;
import org.jallocator.stack.AllocatorStack;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which stacks are shared, and which cannot be. */
final class SharedStacksTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "fixedblock(shared=true, arena(jna))",
        "sizeclass(shared=true, fixedblock(blockSize=64KiB, jna))",
        "sizeclass(shared=true, heaps=2, fallback(fixedblock(blockSize=64KiB, jna), jna))"
      })
  void aConfinedLayerUnderASharedOneIsRefusedWithTheReason(String expression) {
    var e = assertThrows(AllocatorConfigException.class, () -> AllocatorStack.open(expression));
    assertTrue(e.toString().contains("shared"), e::toString);
    assertTrue(e.toString().contains("confined"), e::toString);
    assertTrue(e.toString().contains(expression), e::toString);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jna",
        "fixedblock(shared=true, jna)",
        "fallback(sizeclass(shared=true, jna), jna)",
        "fixedblock(shared=true, sizeclass(maxSize=1MiB, shared=true, jna))"
      })
  void aStackOfSharedLayersServesAnyThread(String expression) throws InterruptedException {
    try (var stack = AllocatorStack.open(expression)) {
      assertTrue(stack.allocator().isShared());
      long[] address = new long[1];
      var thread = new Thread(() -> address[0] = stack.allocator().malloc(64));
      thread.start();
      thread.join();
      stack.allocator().free(address[0], 64);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"fixedblock(jna)", "sizeclass(jna)", "fallback(sizeclass(jna), jna)"})
  void aConfinedStackRefusesOtherThreads(String expression) throws InterruptedException {
    try (var stack = AllocatorStack.open(expression)) {
      assertEquals(false, stack.allocator().isShared());
      var thrown = new AtomicReference<Throwable>();
      var thread = new Thread(() -> stack.allocator().malloc(64));
      thread.setUncaughtExceptionHandler((dead, e) -> thrown.set(e));
      thread.start();
      thread.join();
      assertTrue(thrown.get() instanceof IllegalStateException, () -> "" + thrown.get());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sizeclass(maxSize=0, jna)",
        "sizeclass(alignment=24, jna)",
        "sizeclass(heaps=3, jna)",
        "sizeclass(shared=true, heaps=4096, jna)",
        "sizeclass(shared=perhaps, jna)",
        "sizeclass",
        "sizeclass(jna, jna)"
      })
  void aWrongConfigurationOfSizeClassesIsRefused(String expression) {
    var e = assertThrows(AllocatorConfigException.class, () -> AllocatorStack.open(expression));
    assertTrue(e.toString().contains("sizeclass"), e::toString);
  }
}
