package org.jallocator.jna;

import com.google.auto.service.AutoService;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import org.jallocator.Allocator;
import org.jallocator.spi.NativeAccess;

/**
 * Native memory through JNA, and pages through the system's mmap.
 *
 * <p>Shared, never blocks. One JNI crossing a call, and no object; for a buffer one object, and a
 * crossing for the first in each GiB of addresses.
 */
@AutoService(NativeAccess.class)
@SuppressWarnings("exports") // the annotation is gone at run time
public final class JnaNativeAccess implements NativeAccess {

  /** For the service loader. */
  public JnaNativeAccess() {}

  /** Made at the first access, so that a provider does no native work before it is used. */
  private static final class Bytes {
    /** JNA adds offsets to it without a check: from address 0 on, an offset is an address. */
    static final Pointer ALL = new Pointer(0);
  }

  private static Pointer all() {
    Jna.require();
    return Bytes.ALL;
  }

  @Override
  public void fill(long address, long bytes, byte value) {
    all().setMemory(address, bytes, value);
  }

  @Override
  public void read(long address, byte[] target, int bytes) {
    all().read(address, target, 0, bytes);
  }

  @Override
  public void write(long address, byte[] source, int bytes) {
    all().write(address, source, 0, bytes);
  }

  @Override
  public ByteBuffer buffer(long address, int bytes) {
    Jna.require();
    return BufferWindows.buffer(address, bytes);
  }

  @Override
  public long pageSize() {
    return Pages.ofPlatform().size();
  }

  @Override
  public boolean canMap() {
    return Pages.ofPlatform().canMap();
  }

  @Override
  public long reserve(long bytes) {
    return mapping(Allocator.NULL, bytes).reserve(bytes);
  }

  @Override
  public boolean protect(long address, long bytes, boolean accessible) {
    return mapping(address, bytes).protect(address, bytes, accessible);
  }

  @Override
  public void unmap(long address, long bytes) {
    if (!mapping(address, bytes).unmap(address, bytes)) {
      throw new IllegalStateException(
          "the system refuses to unmap: address=0x"
              + Long.toHexString(address)
              + ", bytes="
              + bytes
              + ", errno="
              + Native.getLastError());
    }
  }

  private static Pages mapping(long address, long bytes) {
    Pages pages = Pages.ofPlatform();
    if (!pages.canMap()) {
      throw new IllegalStateException("this platform has no mmap: canMap=false");
    }
    if (bytes < 1 || ((address | bytes) & pages.size() - 1) != 0) {
      throw new IllegalArgumentException(
          "range is not of whole pages: address=0x"
              + Long.toHexString(address)
              + ", bytes="
              + bytes
              + ", limit="
              + pages.size());
    }
    return pages;
  }
}
