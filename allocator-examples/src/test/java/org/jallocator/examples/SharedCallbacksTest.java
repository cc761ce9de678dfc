package org.jallocator.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.jallocator.jna.AllocatorCallbacks;
import org.jallocator.stack.AllocatorStack;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** C calls a shared stack from many threads at once: Java's, and its own. */
final class SharedCallbacksTest {

  private static final int THREADS = 8;
  private static final int THREADS_OF_C = 64;

  private final List<Throwable> reported = Collections.synchronizedList(new ArrayList<>());
  private final AllocatorStack stack =
      AllocatorStack.open("fallback(sizeclass(shared=true, jna), jna)");
  private final AllocatorCallbacks callbacks =
      AllocatorCallbacks.of(stack.allocator(), reported::add);

  @AfterEach
  void closesWithoutALeak() {
    assertEquals(List.of(), reported);
    callbacks.close();
    stack.close();
  }

  @Test
  void threadsOfJavaDeflateAtOnce() throws InterruptedException {
    Installed.assumeLibrary(Zlib.NAME, "zlib1g");
    List<Throwable> thrown = Collections.synchronizedList(new ArrayList<>());
    List<Thread> threads = new ArrayList<>();
    for (int seed = 0; seed < THREADS; seed++) {
      Random random = new Random(seed);
      Thread thread = new Thread(() -> deflateAndInflate(random, thrown));
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(List.of(), thrown);
    assertEquals(0, callbacks.liveBlocks());
  }

  private void deflateAndInflate(Random random, List<Throwable> thrown) {
    try {
      Zlib zlib = Zlib.direct();
      var allocator = stack.allocator();
      for (int i = 0; i < 10; i++) {
        byte[] bytes = new byte[random.nextInt(50_000)];
        random.nextBytes(bytes);
        byte[] deflated =
            ZlibExample.deflate(zlib, callbacks, allocator, new ByteArrayInputStream(bytes));
        byte[] inflated =
            ZlibExample.inflate(zlib, callbacks, allocator, new ByteArrayInputStream(deflated));
        assertArrayEquals(bytes, inflated);
      }
    } catch (IOException | RuntimeException | Error e) {
      thrown.add(e);
    }
  }

  @Test
  void threadsOfCsOwnTakeBlocksAtOnce() {
    Installed.assumePosix();
    NativeLibrary c = NativeLibrary.getProcess();
    try (var threads = new Memory(8L * THREADS_OF_C);
        var result = new Memory(8)) {
      for (int i = 0; i < THREADS_OF_C; i++) {
        // A thread's routine takes a pointer and returns one: so does malloc, by its registers.
        Object[] create = {
          threads.share(8L * i), Pointer.NULL, callbacks.mallocFunction(), (long) (i + 1) * 100
        };
        assertEquals(0, c.getFunction("pthread_create").invokeInt(create));
      }
      List<Long> blocks = new ArrayList<>();
      for (int i = 0; i < THREADS_OF_C; i++) {
        Object[] join = {threads.getLong(8L * i), result};
        assertEquals(0, c.getFunction("pthread_join").invokeInt(join));
        assertNotEquals(0, result.getLong(0));
        blocks.add(result.getLong(0));
      }
      assertEquals(THREADS_OF_C, blocks.stream().distinct().count());
      assertEquals(THREADS_OF_C, callbacks.liveBlocks());
      Function free = Function.getFunction(callbacks.freeFunction());
      blocks.forEach(block -> free.invokeVoid(new Object[] {block}));
    }
    assertTrue(reported.isEmpty(), reported::toString);
  }
}
