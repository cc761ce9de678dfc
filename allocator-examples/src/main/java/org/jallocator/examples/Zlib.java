package org.jallocator.examples;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.Structure.FieldOrder;
import org.jspecify.annotations.Nullable;

/** Some of zlib. The names are zlib's own; its manual says what they do. */
public interface Zlib extends Library {

  /** The library's name. */
  String NAME = "z";

  /** More input may follow. */
  int Z_NO_FLUSH = 0;

  /** No input follows. */
  int Z_FINISH = 4;

  /** Went on. */
  int Z_OK = 0;

  /** At the end. */
  int Z_STREAM_END = 1;

  /** No memory. */
  int Z_MEM_ERROR = -4;

  /** Nothing to do without more input or room. */
  int Z_BUF_ERROR = -5;

  /** {@return zlib by JNA's interface mapping} */
  static Zlib byInterface() {
    return Native.load(NAME, Zlib.class);
  }

  /** {@return zlib by JNA's direct mapping, which is faster} */
  static Zlib direct() {
    return new Direct();
  }

  /** C's z_stream. */
  @FieldOrder({
    "nextIn",
    "availIn",
    "totalIn",
    "nextOut",
    "availOut",
    "totalOut",
    "msg",
    "state",
    "zalloc",
    "zfree",
    "opaque",
    "dataType",
    "adler",
    "reserved"
  })
  final class ZStream extends Structure {
    /** Input. */
    public @Nullable Pointer nextIn;

    /** Bytes of input. */
    public int availIn;

    /** Bytes read so far. */
    public NativeLong totalIn = new NativeLong();

    /** Room for output. */
    public @Nullable Pointer nextOut;

    /** Bytes of room. */
    public int availOut;

    /** Bytes written so far. */
    public NativeLong totalOut = new NativeLong();

    /** The last error. */
    public @Nullable Pointer msg;

    /** Zlib's own. */
    public @Nullable Pointer state;

    /** What zlib takes memory with. */
    public @Nullable Pointer zalloc;

    /** What zlib gives memory back with. */
    public @Nullable Pointer zfree;

    /** Passed to both. */
    public @Nullable Pointer opaque;

    /** A guess. */
    public int dataType;

    /** A checksum. */
    public NativeLong adler = new NativeLong();

    /** Not used. */
    public NativeLong reserved = new NativeLong();

    /**
     * Lies on memory that is given.
     *
     * @param memory zeros, for a new stream
     */
    public ZStream(Pointer memory) {
      super(memory);
    }
  }

  /** {@return the version} */
  String zlibVersion();

  /**
   * Begins to deflate.
   *
   * @param stream the stream
   * @param level 1 to 9
   * @param version what the caller knows
   * @param size bytes of the stream
   * @return Z_OK or an error
   */
  int deflateInit_(ZStream stream, int level, String version, int size);

  /**
   * Deflates.
   *
   * @param stream the stream
   * @param flush whether more follows
   * @return how it went
   */
  int deflate(ZStream stream, int flush);

  /**
   * Frees what the stream holds.
   *
   * @param stream the stream
   * @return Z_OK or an error
   */
  int deflateEnd(ZStream stream);

  /**
   * Begins to inflate.
   *
   * @param stream the stream
   * @param version what the caller knows
   * @param size bytes of the stream
   * @return Z_OK or an error
   */
  int inflateInit_(ZStream stream, String version, int size);

  /**
   * Inflates.
   *
   * @param stream the stream
   * @param flush whether more follows
   * @return how it went
   */
  int inflate(ZStream stream, int flush);

  /**
   * Frees what the stream holds.
   *
   * @param stream the stream
   * @return Z_OK or an error
   */
  int inflateEnd(ZStream stream);

  /** The same functions, mapped directly. */
  final class Direct implements Zlib {
    static {
      Native.register(Direct.class, NAME);
    }

    private Direct() {}

    @Override
    public native String zlibVersion();

    @Override
    public native int deflateInit_(ZStream stream, int level, String version, int size);

    @Override
    public native int deflate(ZStream stream, int flush);

    @Override
    public native int deflateEnd(ZStream stream);

    @Override
    public native int inflateInit_(ZStream stream, String version, int size);

    @Override
    public native int inflate(ZStream stream, int flush);

    @Override
    public native int inflateEnd(ZStream stream);
  }
}
