package org.jallocator.diagnostics;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jallocator.spi.NativeAccess;

/** Memory at invented addresses. What is larger than it cares to keep, it does not fill. */
final class FakeMemory implements NativeAccess {

  static final int PAGE = 4096;
  private static final long MOST_FILLED = 1 << 20;
  private static final long MOST_MAPPED = 1L << 40;

  /** An access that would have ended a process. */
  static final class Fault extends RuntimeException {
    private static final long serialVersionUID = 1L;
    final long address;

    Fault(long address) {
      super("fault at 0x" + Long.toHexString(address));
      this.address = address;
    }
  }

  private final Map<Long, byte[]> pages = new HashMap<>();
  private final Map<Long, Boolean> inaccessible = new HashMap<>();
  private final TreeMap<Long, Long> mapped = new TreeMap<>();
  private long next = 1L << 44;

  private byte[] page(long address) {
    return pages.computeIfAbsent(address & -PAGE, start -> new byte[PAGE]);
  }

  /** Does something to each run of bytes that lies in one page. */
  private interface Run {
    void on(byte[] page, int offset, int bytes, int done);
  }

  private void forEachPage(long address, long bytes, Run run) {
    for (long done = 0; done < bytes; ) {
      long at = address + done;
      if (inaccessible.containsKey(at & -PAGE)) {
        throw new Fault(at);
      }
      int offset = (int) (at & (PAGE - 1));
      int length = (int) Math.min(bytes - done, PAGE - offset);
      run.on(page(at), offset, length, (int) done);
      done += length;
    }
  }

  synchronized void put(long address, int value) {
    if (inaccessible.containsKey(address & -PAGE)) {
      throw new Fault(address);
    }
    page(address)[(int) (address & (PAGE - 1))] = (byte) value;
  }

  synchronized byte get(long address) {
    if (inaccessible.containsKey(address & -PAGE)) {
      throw new Fault(address);
    }
    return page(address)[(int) (address & (PAGE - 1))];
  }

  @Override
  public synchronized void fill(long address, long bytes, byte value) {
    if (bytes <= MOST_FILLED) {
      forEachPage(
          address,
          bytes,
          (page, offset, length, done) -> Arrays.fill(page, offset, offset + length, value));
    }
  }

  @Override
  public synchronized void read(long address, byte[] target, int bytes) {
    forEachPage(
        address,
        bytes,
        (page, offset, length, done) -> System.arraycopy(page, offset, target, done, length));
  }

  @Override
  public synchronized void write(long address, byte[] source, int bytes) {
    forEachPage(
        address,
        bytes,
        (page, offset, length, done) -> System.arraycopy(source, done, page, offset, length));
  }

  @Override
  public long pageSize() {
    return PAGE;
  }

  @Override
  public boolean canMap() {
    return true;
  }

  @Override
  public synchronized long reserve(long bytes) {
    if (bytes > MOST_MAPPED) {
      return 0;
    }
    long address = next;
    next += bytes + PAGE;
    mapped.put(address, bytes);
    return address;
  }

  @Override
  public synchronized boolean protect(long address, long bytes, boolean accessible) {
    for (long at = address; bytes <= MOST_FILLED && at < address + bytes; at += PAGE) {
      if (accessible) {
        inaccessible.remove(at);
      } else {
        inaccessible.put(at, true);
      }
    }
    return true;
  }

  @Override
  public synchronized void unmap(long address, long bytes) {
    if (!mapped.remove(address, bytes)) {
      throw new AssertionError("unmap of what is not mapped: " + Long.toHexString(address));
    }
    pages.keySet().removeIf(page -> page >= address && page < address + bytes);
    inaccessible.keySet().removeIf(page -> page >= address && page < address + bytes);
  }

  synchronized int mappings() {
    return mapped.size();
  }
}
