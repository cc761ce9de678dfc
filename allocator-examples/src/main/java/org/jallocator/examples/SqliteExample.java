package org.jallocator.examples;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;
import org.jallocator.Arena;
import org.jallocator.arena.ArenaAllocator;
import org.jallocator.jna.AllocatorCallbacks;
import org.jallocator.jna.DefaultAllocator;
import org.jallocator.jna.NativeCopy;
import org.jallocator.jna.NativeScope;
import org.jallocator.stack.AllocatorStack;
import org.jspecify.annotations.Nullable;

/**
 * Writes rows of text and bytes to a database in memory and reads them back, with all of SQLite's
 * memory from one stack, and what is bound to a row in an arena that is wound back after it.
 */
public final class SqliteExample {

  /** The stack for SQLite: sizes of all kinds. */
  public static final String STACK = "fallback(sizeclass(jna), jna)";

  private SqliteExample() {}

  /**
   * Runs the example.
   *
   * @param args {@code direct} for direct mapping
   */
  public static void main(String[] args) {
    Sqlite sqlite = List.of(args).contains("direct") ? Sqlite.direct() : Sqlite.byInterface();
    try (var stack = AllocatorStack.open(STACK);
        var arena = ArenaAllocator.builder(stack.allocator()).build();
        var callbacks = AllocatorCallbacks.of(stack.allocator(), Throwable::printStackTrace)) {
      long bytes =
          withMemoryOf(
              callbacks,
              sqlite,
              () -> {
                long written = writeAndRead(sqlite, arena, 100_000);
                System.out.println(stack.describe());
                return written;
              });
      System.out.println("read back " + bytes + " bytes");
    }
  }

  /**
   * {@return what a task returns} While it runs, SQLite lives in our memory; after that SQLite has
   * given back every byte, or closing the callbacks says so, and is on its own memory again.
   *
   * @param callbacks the memory
   * @param sqlite the library, which this process does not use yet
   * @param task the task
   */
  public static long withMemoryOf(AllocatorCallbacks callbacks, Sqlite sqlite, LongSupplier task) {
    try (var c = new DefaultAllocator();
        var scope = NativeScope.open(c)) {
      Pointer own = scope.memory((long) Sqlite.MEM_METHODS * Native.POINTER_SIZE);
      configure(sqlite, Sqlite.SQLITE_CONFIG_GETMALLOC, own);
      configure(sqlite, Sqlite.SQLITE_CONFIG_MALLOC, callbacks.sqliteMethods());
      try {
        return task.getAsLong();
      } finally {
        sqlite.sqlite3_shutdown();
        configure(sqlite, Sqlite.SQLITE_CONFIG_MALLOC, own);
      }
    }
  }

  private static void configure(Sqlite sqlite, int option, Pointer methods) {
    var config = Native.load(Sqlite.NAME, Sqlite.Config.class);
    require(null, sqlite, config.sqlite3_config(option, methods), Sqlite.SQLITE_OK);
  }

  /**
   * {@return how many bytes were written and read back}
   *
   * @param sqlite the library
   * @param arena where texts and bytes are put
   * @param rows how many rows
   */
  public static long writeAndRead(Sqlite sqlite, Arena arena, int rows) {
    long mark = arena.mark();
    Pointer cell = new Pointer(arena.malloc(Native.POINTER_SIZE));
    cell.setPointer(0, null);
    int opened = sqlite.sqlite3_open(":memory:", cell);
    Pointer database = cell.getPointer(0);
    try {
      require(database, sqlite, opened, Sqlite.SQLITE_OK);
      execute(sqlite, database, cell, "create table rows(text text, blob blob)");
      execute(sqlite, database, cell, "begin");
      write(sqlite, database, cell, arena, rows);
      execute(sqlite, database, cell, "commit");
      return read(sqlite, database, cell, rows);
    } finally {
      sqlite.sqlite3_close(database);
      arena.release(mark);
    }
  }

  private static Pointer prepare(
      Sqlite sqlite, @Nullable Pointer database, Pointer cell, String sql) {
    int prepared = sqlite.sqlite3_prepare_v2(database, sql, -1, cell, null);
    require(database, sqlite, prepared, Sqlite.SQLITE_OK);
    return cell.getPointer(0);
  }

  private static void execute(Sqlite sqlite, @Nullable Pointer database, Pointer cell, String sql) {
    Pointer statement = prepare(sqlite, database, cell, sql);
    try {
      require(database, sqlite, sqlite.sqlite3_step(statement), Sqlite.SQLITE_DONE);
    } finally {
      sqlite.sqlite3_finalize(statement);
    }
  }

  private static void write(
      Sqlite sqlite, @Nullable Pointer database, Pointer cell, Arena arena, int rows) {
    Pointer insert = prepare(sqlite, database, cell, "insert into rows values(?, ?)");
    try {
      for (int row = 0; row < rows; row++) {
        long mark = arena.mark();
        Pointer text = NativeCopy.string(arena, text(row), StandardCharsets.UTF_8);
        byte[] bytes = blob(row);
        Pointer blob = NativeCopy.bytes(arena, bytes);
        sqlite.sqlite3_bind_text(insert, 1, text, -1, null);
        sqlite.sqlite3_bind_blob(insert, 2, blob, bytes.length, null);
        require(database, sqlite, sqlite.sqlite3_step(insert), Sqlite.SQLITE_DONE);
        sqlite.sqlite3_reset(insert);
        arena.release(mark);
      }
    } finally {
      sqlite.sqlite3_finalize(insert);
    }
  }

  private static long read(Sqlite sqlite, @Nullable Pointer database, Pointer cell, int rows) {
    Pointer select = prepare(sqlite, database, cell, "select text, blob from rows order by rowid");
    try {
      long read = 0;
      for (int row = 0; row < rows; row++) {
        require(database, sqlite, sqlite.sqlite3_step(select), Sqlite.SQLITE_ROW);
        read += column(sqlite, select, 0, text(row).getBytes(StandardCharsets.UTF_8));
        read += column(sqlite, select, 1, blob(row));
      }
      require(database, sqlite, sqlite.sqlite3_step(select), Sqlite.SQLITE_DONE);
      return read;
    } finally {
      sqlite.sqlite3_finalize(select);
    }
  }

  private static int column(Sqlite sqlite, Pointer select, int column, byte[] expected) {
    Pointer value =
        column == 0
            ? sqlite.sqlite3_column_text(select, column)
            : sqlite.sqlite3_column_blob(select, column);
    int bytes = sqlite.sqlite3_column_bytes(select, column);
    if (value == null || !Arrays.equals(expected, value.getByteArray(0, bytes))) {
      throw new IllegalStateException("read what was not written: column=" + column);
    }
    return bytes;
  }

  private static String text(int row) {
    return "row " + row + " \u00e9\u4e16";
  }

  private static byte[] blob(int row) {
    byte[] bytes = new byte[1 + row % 50];
    Arrays.fill(bytes, (byte) row);
    return bytes;
  }

  private static void require(@Nullable Pointer database, Sqlite sqlite, int result, int expected) {
    if (result != expected) {
      throw new IllegalStateException(
          "SQLite failed: result=" + result + ", message=" + sqlite.sqlite3_errmsg(database));
    }
  }
}
