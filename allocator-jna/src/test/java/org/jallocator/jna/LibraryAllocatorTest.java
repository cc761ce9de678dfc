package org.jallocator.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jallocator.Allocator;
import org.jallocator.AllocatorConfigException;
import org.jallocator.spi.StackChecked;
import org.jallocator.stack.AllocatorStack;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

final class LibraryAllocatorTest {

  private static LibraryAllocator open(String name, String prefix) {
    return LibraryAllocator.builder().name(name).prefix(prefix).build();
  }

  private static String message(Class<? extends RuntimeException> type, Executable executable) {
    return String.valueOf(assertThrows(type, executable).getMessage());
  }

  private static void assumeInstalled(String name, String debian) {
    try {
      NativeLibrary.getInstance(name);
    } catch (UnsatisfiedLinkError e) {
      abort(name + " cannot be loaded (Debian: " + debian + "): " + e.getMessage());
    }
  }

  @Nested
  final class Jemalloc extends RealMemoryContract {
    @BeforeAll
    static void assumeJemalloc() {
      assumeInstalled("jemalloc", "libjemalloc2");
    }

    @Override
    protected Allocator create(Allocator inner) {
      return open("jemalloc", "");
    }
  }

  @Nested
  final class Mimalloc extends RealMemoryContract {
    @BeforeAll
    static void assumeMimalloc() {
      assumeInstalled("mimalloc", "libmimalloc2.0");
    }

    @Override
    protected Allocator create(Allocator inner) {
      return LibraryAllocator.builder().name("mimalloc").prefix("mi_").alignment(64).build();
    }
  }

  @Test
  void theLibrarysOwnFunctionsServe() {
    assumeInstalled("jemalloc", "libjemalloc2");
    try (var jemalloc = open("jemalloc", "")) {
      long address = jemalloc.malloc(100);
      assertEquals(
          112, jemalloc.usableSize(address).orElseThrow(), "jemalloc's class for 100 bytes");
      jemalloc.free(address, 100);
    }
  }

  @Test
  void tinyBlocksAreAlignedForEveryObject() {
    assumeInstalled("jemalloc", "libjemalloc2");
    try (var jemalloc = open("jemalloc", "")) {
      for (long size = 1; size <= 64; size++) {
        long address = jemalloc.malloc(size);
        assertEquals(0, address % jemalloc.alignment(), "size=" + size);
        jemalloc.free(address);
      }
    }
  }

  @Test
  void anOverflowHasNotReachedC() {
    assumeInstalled("jemalloc", "libjemalloc2");
    try (var jemalloc = open("jemalloc", "")) {
      assertTrue(StackChecked.is(jemalloc));
    }
  }

  @Test
  void blocksAreAlignedAsAsked() {
    assumeInstalled("jemalloc", "libjemalloc2");
    try (var jemalloc = LibraryAllocator.builder().name("jemalloc").alignment(1 << 16).build()) {
      for (long size : new long[] {1, 100, 65536, 65537}) {
        long address = jemalloc.malloc(size);
        assertEquals(0, address % (1 << 16), "size=" + size);
        assertTrue(jemalloc.usableSize(address).orElseThrow() >= size, "size=" + size);
        jemalloc.free(address);
      }
    }
  }

  @Test
  void twoLibrariesServeSideBySide() {
    assumeInstalled("jemalloc", "libjemalloc2");
    assumeInstalled("mimalloc", "libmimalloc2.0");
    try (var jemalloc = open("jemalloc", "");
        var mimalloc = open("mimalloc", "mi_")) {
      assertTrue(jemalloc.file().contains("jemalloc"), jemalloc::file);
      assertTrue(mimalloc.file().contains("mimalloc"), mimalloc::file);
      for (int i = 0; i < 1000; i++) {
        long one = jemalloc.malloc(1 + i);
        long other = mimalloc.malloc(1 + i);
        assertTrue(jemalloc.usableSize(one).orElseThrow() >= 1 + i);
        assertTrue(mimalloc.usableSize(other).orElseThrow() >= 1 + i);
        jemalloc.free(one);
        mimalloc.free(other);
      }
    }
  }

  @Test
  void oneLibraryIsBoundOnce() {
    String c = Platform.C_LIBRARY_NAME;
    assertSame(BoundLibrary.open(c, ""), BoundLibrary.open(c, ""));
  }

  @Test
  void theDescriptionOfAStackNamesTheFileInUse() {
    assumeInstalled("jemalloc", "libjemalloc2");
    try (var stack = AllocatorStack.open("library(name=jemalloc)")) {
      String file = stack.find(LibraryAllocator.class).orElseThrow().file();
      assertTrue(Path.of(file).isAbsolute(), file);
      assertTrue(Files.exists(Path.of(file)), file);
      assertEquals("library(name=jemalloc): not tracked, file " + file, stack.describe());
    }
  }

  @Test
  void aLibraryIsFoundByItsFileToo() {
    assumeInstalled("mimalloc", "libmimalloc2.0");
    String file;
    try (var byName = open("mimalloc", "mi_")) {
      file = byName.file();
    }
    try (var stack = AllocatorStack.open("library(path='" + file + "', prefix=mi_)")) {
      long address = stack.allocator().malloc(64);
      stack.allocator().free(address);
      assertEquals(file, stack.find(LibraryAllocator.class).orElseThrow().file());
    }
  }

  @Test
  void aMissingLibraryIsAConfigurationErrorThatNamesWhatWasSearched() {
    String message =
        message(AllocatorConfigException.class, () -> AllocatorStack.open("library(name=nosuch)"));
    String mapped = System.mapLibraryName("nosuch");
    assertTrue(message.startsWith("'library' refuses its configuration at column 1 of "), message);
    assertTrue(
        message.contains("library: no such library: name=nosuch, files=[" + mapped), message);
    assertTrue(message.contains(", directories=["), message);
    assertTrue(message.contains(", loader=["), message);
  }

  @Test
  void aFileThatIsNoLibraryIsAConfigurationErrorThatSaysWhatTheLoaderSaid(@TempDir Path dir)
      throws IOException {
    Path file = Files.writeString(dir.resolve("libempty.so"), "not a library");
    String message =
        message(
            IllegalArgumentException.class,
            () -> LibraryAllocator.builder().path(file.toString()).build());
    assertTrue(
        message.startsWith(
            "library: no such library: name=" + file + ", files=[" + file + "], loader=["),
        message);
  }

  @Test
  void aMissingFunctionIsAConfigurationErrorThatNamesIt() {
    String message =
        message(
            AllocatorConfigException.class,
            () ->
                AllocatorStack.open(
                    "library(name='" + Platform.C_LIBRARY_NAME + "', prefix=nosuch_)"));
    assertTrue(
        message.contains(
            "library: library has no such function:"
                + " missing=[nosuch_malloc, nosuch_free], library="),
        message);
  }

  @Test
  void aMallocOfTheCLibraryThatIsOnlyLinkedWithIsNoneOfTheLibrarys() {
    assumeInstalled("z", "zlib1g");
    assumeTrue(Platform.isLinux(), "where the C library is one file");
    String message =
        message(AllocatorConfigException.class, () -> AllocatorStack.open("library(name=z)"));
    assertTrue(message.contains("library: library has no malloc and free of its own: "), message);
    assertTrue(message.contains("libz.so"), message);
    assertTrue(message.contains(", malloc=" + open(Platform.C_LIBRARY_NAME, "").file()), message);
  }

  @Test
  void whatTheLoaderSaidIsToldWithoutTheClassPath() {
    String message =
        message(AllocatorConfigException.class, () -> AllocatorStack.open("library(name=nosuch)"));
    assertTrue(message.contains("not found in class path"), message);
    assertFalse(message.contains(".jar"), message);
  }

  @Test
  void eitherANameOrAPathIsNeeded() {
    for (String options : new String[] {"library", "library(name=c, path='/lib/libc.so.6')"}) {
      String message = message(AllocatorConfigException.class, () -> AllocatorStack.open(options));
      assertTrue(message.contains("takes either a name or a path"), message);
    }
  }

  @Test
  void aClosedLeafTellsNoSizes() {
    var c = open(Platform.C_LIBRARY_NAME, "");
    long address = c.malloc(64);
    assertTrue(c.usableSize(address).orElse(64) >= 64);
    c.free(address);
    c.close();
    assertThrows(IllegalStateException.class, () -> c.usableSize(address));
  }
}
