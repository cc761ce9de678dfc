package org.jallocator.examples;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import org.jspecify.annotations.Nullable;

/** Some of SQLite. The names are SQLite's own; its manual says what they do. */
public interface Sqlite extends Library {

  /** The library's name. */
  String NAME = "sqlite3";

  /** Went well. */
  int SQLITE_OK = 0;

  /** No memory. */
  int SQLITE_NOMEM = 7;

  /** A row is there. */
  int SQLITE_ROW = 100;

  /** No row is left. */
  int SQLITE_DONE = 101;

  /** Replaces malloc. */
  int SQLITE_CONFIG_MALLOC = 4;

  /** Tells what malloc is. */
  int SQLITE_CONFIG_GETMALLOC = 5;

  /** Pointers in sqlite3_mem_methods. */
  int MEM_METHODS = 8;

  /** {@return SQLite by JNA's interface mapping} */
  static Sqlite byInterface() {
    return Native.load(NAME, Sqlite.class);
  }

  /** {@return SQLite by JNA's direct mapping, which is faster} */
  static Sqlite direct() {
    return new Direct();
  }

  /** The function of variable arguments, which direct mapping does not have. */
  interface Config extends Library {
    /**
     * Configures SQLite, before it is used.
     *
     * @param option the option
     * @param arguments what it takes
     * @return SQLITE_OK or an error
     */
    int sqlite3_config(int option, Object... arguments);
  }

  /** {@return SQLITE_OK or an error} */
  int sqlite3_shutdown();

  /**
   * Opens a database.
   *
   * @param file the file, or {@code :memory:}
   * @param database where to put the connection
   * @return SQLITE_OK or an error
   */
  int sqlite3_open(String file, Pointer database);

  /**
   * Closes a connection.
   *
   * @param database the connection
   * @return SQLITE_OK or an error
   */
  int sqlite3_close(@Nullable Pointer database);

  /**
   * {@return what went wrong last}
   *
   * @param database the connection
   */
  String sqlite3_errmsg(@Nullable Pointer database);

  /**
   * Prepares a statement.
   *
   * @param database the connection
   * @param sql the text
   * @param bytes its length, or -1
   * @param statement where to put the statement
   * @param tail where to put the rest of the text, or null
   * @return SQLITE_OK or an error
   */
  int sqlite3_prepare_v2(
      @Nullable Pointer database, String sql, int bytes, Pointer statement, @Nullable Pointer tail);

  /**
   * Binds a text.
   *
   * @param statement the statement
   * @param index from 1
   * @param text the text
   * @param bytes its length, or -1
   * @param destructor null if the text stays in place until it is bound anew
   * @return SQLITE_OK or an error
   */
  int sqlite3_bind_text(
      Pointer statement, int index, Pointer text, int bytes, @Nullable Pointer destructor);

  /**
   * Binds bytes.
   *
   * @param statement the statement
   * @param index from 1
   * @param blob the bytes
   * @param bytes how many
   * @param destructor null if the bytes stay in place until they are bound anew
   * @return SQLITE_OK or an error
   */
  int sqlite3_bind_blob(
      Pointer statement, int index, Pointer blob, int bytes, @Nullable Pointer destructor);

  /**
   * Goes to the next row.
   *
   * @param statement the statement
   * @return SQLITE_ROW, SQLITE_DONE or an error
   */
  int sqlite3_step(Pointer statement);

  /**
   * Makes a statement ready to run again.
   *
   * @param statement the statement
   * @return SQLITE_OK or an error
   */
  int sqlite3_reset(Pointer statement);

  /**
   * {@return a column's text, in SQLite's memory until the next step}
   *
   * @param statement the statement
   * @param column from 0
   */
  @Nullable Pointer sqlite3_column_text(Pointer statement, int column);

  /**
   * {@return a column's bytes, in SQLite's memory until the next step}
   *
   * @param statement the statement
   * @param column from 0
   */
  @Nullable Pointer sqlite3_column_blob(Pointer statement, int column);

  /**
   * {@return how many bytes a column has}
   *
   * @param statement the statement
   * @param column from 0
   */
  int sqlite3_column_bytes(Pointer statement, int column);

  /**
   * Frees a statement.
   *
   * @param statement the statement
   * @return SQLITE_OK or an error
   */
  int sqlite3_finalize(Pointer statement);

  /** The same functions, mapped directly. */
  final class Direct implements Sqlite {
    static {
      Native.register(Direct.class, NAME);
    }

    private Direct() {}

    @Override
    public native int sqlite3_shutdown();

    @Override
    public native int sqlite3_open(String file, Pointer database);

    @Override
    public native int sqlite3_close(@Nullable Pointer database);

    @Override
    public native String sqlite3_errmsg(@Nullable Pointer database);

    @Override
    public native int sqlite3_prepare_v2(
        @Nullable Pointer database,
        String sql,
        int bytes,
        Pointer statement,
        @Nullable Pointer tail);

    @Override
    public native int sqlite3_bind_text(
        Pointer statement, int index, Pointer text, int bytes, @Nullable Pointer destructor);

    @Override
    public native int sqlite3_bind_blob(
        Pointer statement, int index, Pointer blob, int bytes, @Nullable Pointer destructor);

    @Override
    public native int sqlite3_step(Pointer statement);

    @Override
    public native int sqlite3_reset(Pointer statement);

    @Override
    public native @Nullable Pointer sqlite3_column_text(Pointer statement, int column);

    @Override
    public native @Nullable Pointer sqlite3_column_blob(Pointer statement, int column);

    @Override
    public native int sqlite3_column_bytes(Pointer statement, int column);

    @Override
    public native int sqlite3_finalize(Pointer statement);
  }
}
