package org.jallocator.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Native;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.zip.InflaterInputStream;
import org.jallocator.jna.AllocatorCallbacks;
import org.jallocator.jna.NativeScope;
import org.jallocator.stack.AllocatorStack;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class ZlibTest {

  private final List<Throwable> reported = new ArrayList<>();
  private final AllocatorStack stack = AllocatorStack.open(ZlibExample.STACK);
  private final AllocatorCallbacks callbacks =
      AllocatorCallbacks.of(stack.allocator(), reported::add);

  @BeforeAll
  static void assumeZlib() {
    Installed.assumeLibrary(Zlib.NAME, "zlib1g");
  }

  @AfterEach
  void closesWithoutALeak() {
    assertEquals(List.of(), reported);
    callbacks.close();
    stack.close();
  }

  static Stream<Named<Supplier<Zlib>>> mappings() {
    return Stream.of(Named.of("by interface", Zlib::byInterface), Named.of("direct", Zlib::direct));
  }

  /** A real file that is at hand everywhere: JNA's jar. */
  private static byte[] file() throws IOException {
    return Files.readAllBytes(ForkedJvm.placeOf(Native.class));
  }

  private byte[] deflate(Zlib zlib, byte[] bytes) throws IOException {
    return ZlibExample.deflate(zlib, callbacks, stack.allocator(), new ByteArrayInputStream(bytes));
  }

  private byte[] inflate(Zlib zlib, byte[] bytes) throws IOException {
    return ZlibExample.inflate(zlib, callbacks, stack.allocator(), new ByteArrayInputStream(bytes));
  }

  @ParameterizedTest
  @MethodSource("mappings")
  void aFileIsTheSameAfterDeflatingAndInflating(Supplier<Zlib> mapping) throws IOException {
    Zlib zlib = mapping.get();
    byte[] file = file();
    byte[] deflated = deflate(zlib, file);
    assertArrayEquals(file, inflate(zlib, deflated));
    try (var java = new InflaterInputStream(new ByteArrayInputStream(deflated))) {
      assertArrayEquals(file, java.readAllBytes(), "as Java's own zlib inflates it");
    }
    assertEquals(0, callbacks.liveBlocks());
  }

  @ParameterizedTest
  @MethodSource("mappings")
  void nothingAndAFullBufferAreDeflatedToo(Supplier<Zlib> mapping) throws IOException {
    Zlib zlib = mapping.get();
    for (int size : new int[] {0, 1, 65_535, 65_536, 65_537, 131_072}) {
      byte[] bytes = new byte[size];
      Arrays.fill(bytes, (byte) 7);
      assertArrayEquals(bytes, inflate(zlib, deflate(zlib, bytes)), "size=" + size);
    }
  }

  @ParameterizedTest
  @MethodSource("mappings")
  void zlibsMemoryIsThatOfTheStack(Supplier<Zlib> mapping) {
    Zlib zlib = mapping.get();
    try (var scope = NativeScope.open(stack.allocator())) {
      var stream = ZlibExample.stream(scope, callbacks);
      assertEquals(Zlib.Z_OK, zlib.deflateInit_(stream, 6, zlib.zlibVersion(), stream.size()));
      assertTrue(callbacks.liveBytes() > 200_000, "zlib's manual: about 256 KiB");
      assertTrue(stack.allocator().stats().liveBytes() >= callbacks.liveBytes());
      zlib.deflateEnd(stream);
      assertEquals(0, callbacks.liveBlocks());
    }
  }

  @ParameterizedTest
  @MethodSource("mappings")
  void whatIsNotDeflatedFailsAndLeaksNothing(Supplier<Zlib> mapping) throws IOException {
    Zlib zlib = mapping.get();
    assertThrows(IOException.class, () -> inflate(zlib, new byte[] {1, 2, 3}));
    byte[] deflated = deflate(zlib, file());
    assertThrows(IOException.class, () -> inflate(zlib, Arrays.copyOf(deflated, 1000)));
    assertEquals(0, callbacks.liveBlocks());
  }

  @ParameterizedTest
  @MethodSource("mappings")
  void whereTheStackHasNoMemoryZlibSaysSoAndLeaksNothing(Supplier<Zlib> mapping) {
    Zlib zlib = mapping.get();
    // One size of block alone, smaller than zlib's windows.
    try (var small = AllocatorStack.open("fixedblock(blockSize=8KiB, jna)");
        var starved = AllocatorCallbacks.of(small.allocator(), reported::add);
        var scope = NativeScope.open(stack.allocator())) {
      var stream = ZlibExample.stream(scope, starved);
      int result = zlib.deflateInit_(stream, 6, zlib.zlibVersion(), stream.size());
      assertEquals(Zlib.Z_MEM_ERROR, result);
    }
  }
}
