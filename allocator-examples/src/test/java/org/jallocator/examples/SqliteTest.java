package org.jallocator.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jallocator.Arena;
import org.jallocator.jna.AllocatorCallbacks;
import org.jallocator.stack.AllocatorStack;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** SQLite is configured before it is used, and used by nobody else in this process. */
final class SqliteTest {

  private static final int ROWS = 100_000;

  private final List<Throwable> reported = new ArrayList<>();

  @BeforeAll
  static void assumeSqlite() {
    Installed.assumeLibrary(Sqlite.NAME, "libsqlite3-0");
  }

  static Stream<Named<Supplier<Sqlite>>> mappings() {
    return Stream.of(
        Named.of("by interface", Sqlite::byInterface), Named.of("direct", Sqlite::direct));
  }

  @ParameterizedTest
  @MethodSource("mappings")
  void rowsAreReadBackWithAllMemoryFromAStack(Supplier<Sqlite> mapping) {
    Sqlite sqlite = mapping.get();
    try (var stack = AllocatorStack.open(SqliteExample.STACK);
        var scratch = AllocatorStack.open("arena(jna)");
        var callbacks = AllocatorCallbacks.of(stack.allocator(), reported::add)) {
      Arena arena = scratch.find(Arena.class).orElseThrow();
      long[] most = new long[1];
      long bytes =
          SqliteExample.withMemoryOf(
              callbacks,
              sqlite,
              () -> {
                long read = SqliteExample.writeAndRead(sqlite, arena, ROWS);
                most[0] = stack.allocator().stats().peakReservedBytes();
                return read;
              });
      assertEquals(expectedBytes(), bytes);
      assertTrue(most[0] > 0, "peak reserved " + most[0] + ", rows " + bytes);
      assertEquals(0, callbacks.liveBlocks(), "after sqlite3_shutdown");
      assertEquals(0, arena.stats().liveBlocks());
    }
    assertEquals(List.of(), reported);
  }

  private static long expectedBytes() {
    long bytes = 0;
    for (int row = 0; row < ROWS; row++) {
      bytes += ("row " + row + " ").length() + 5 + 1 + row % 50;
    }
    return bytes;
  }

  @ParameterizedTest
  @MethodSource("mappings")
  void whereTheStackHasNoMemorySqliteSaysSoAndLeaksNothing(Supplier<Sqlite> mapping) {
    Sqlite sqlite = mapping.get();
    // Blocks of one size alone: no connection fits.
    try (var stack = AllocatorStack.open("fixedblock(blockSize=64, jna)");
        var callbacks = AllocatorCallbacks.of(stack.allocator(), reported::add)) {
      long result =
          SqliteExample.withMemoryOf(
              callbacks,
              sqlite,
              () -> {
                long address = stack.allocator().malloc(Native.POINTER_SIZE);
                Pointer cell = new Pointer(address);
                int opened = sqlite.sqlite3_open(":memory:", cell);
                sqlite.sqlite3_close(cell.getPointer(0));
                stack.allocator().free(address);
                return opened;
              });
      assertEquals(Sqlite.SQLITE_NOMEM, result);
      assertEquals(0, callbacks.liveBlocks());
    }
    assertEquals(List.of(), reported);
  }

  @ParameterizedTest
  @MethodSource("mappings")
  void afterwardsSqliteIsOnItsOwnMemoryAgain(Supplier<Sqlite> mapping) {
    Sqlite sqlite = mapping.get();
    try (var scratch = AllocatorStack.open("arena(jna)")) {
      Arena arena = scratch.find(Arena.class).orElseThrow();
      try (var callbacks = AllocatorCallbacks.of(scratch.allocator(), reported::add)) {
        SqliteExample.withMemoryOf(callbacks, sqlite, () -> 0);
      }
      assertTrue(SqliteExample.writeAndRead(sqlite, arena, 10) > 0);
      sqlite.sqlite3_shutdown();
    }
    assertEquals(List.of(), reported);
  }
}
