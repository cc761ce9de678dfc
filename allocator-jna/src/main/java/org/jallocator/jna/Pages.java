package org.jallocator.jna;

import com.sun.jna.Native;
import com.sun.jna.Platform;
import org.jallocator.Allocator;
import org.jspecify.annotations.Nullable;

/**
 * The pages of the operating system: mmap, mprotect and munmap if it has them. Shared, never
 * blocks.
 */
final class Pages {

  /** What a page of Windows has on every processor that JNA runs on. */
  private static final int SIZE_ON_WINDOWS = 4096;

  private static final int PROT_NONE = 0;
  private static final int PROT_READ_WRITE = 1 | 2;
  private static final int MAP_PRIVATE = 2;
  private static final int NO_FILE = -1;
  private static final long MAP_FAILED = -1;

  /** The functions, in processes of 64 bits only: sizes and offsets are passed as such. */
  interface Calls {
    int getpagesize();

    long mmap(long address, long bytes, int protection, int flags, int file, long offset);

    int mprotect(long address, long bytes, int protection);

    int munmap(long address, long bytes);
  }

  static final class CallsTemplate implements Calls {
    @Override
    public native int getpagesize();

    @Override
    public native long mmap(
        long address, long bytes, int protection, int flags, int file, long offset);

    @Override
    public native int mprotect(long address, long bytes, int protection);

    @Override
    public native int munmap(long address, long bytes);
  }

  /** Null until it is first needed. Written once, under the lock of the class. */
  private static volatile @Nullable Pages ofPlatform;

  /** Null iff the platform has no mmap, or this process is not of 64 bits. */
  private final @Nullable Calls calls;

  private final int size;

  private Pages() {
    Jna.require();
    this.calls =
        Platform.isWindows() || Native.SIZE_T_SIZE != Long.BYTES
            ? null
            : LibraryCalls.ofProcess(Calls.class, CallsTemplate.class);
    this.size = calls == null ? SIZE_ON_WINDOWS : calls.getpagesize();
  }

  /** {@return the platform's; an error passes and leaves the next call to try again} */
  static Pages ofPlatform() {
    Pages known = ofPlatform;
    return known != null ? known : ofPlatformSlow();
  }

  private static synchronized Pages ofPlatformSlow() {
    Pages known = ofPlatform;
    if (known == null) {
      known = new Pages();
      ofPlatform = known;
    }
    return known;
  }

  long size() {
    return size;
  }

  boolean canMap() {
    return calls != null;
  }

  long reserve(long bytes) {
    int flags = MAP_PRIVATE | anonymous();
    long address = calls().mmap(Allocator.NULL, bytes, PROT_READ_WRITE, flags, NO_FILE, 0);
    return address == MAP_FAILED ? Allocator.NULL : address;
  }

  boolean protect(long address, long bytes, boolean accessible) {
    return calls().mprotect(address, bytes, accessible ? PROT_READ_WRITE : PROT_NONE) == 0;
  }

  /** {@return false iff the system refuses} */
  boolean unmap(long address, long bytes) {
    return calls().munmap(address, bytes) == 0;
  }

  private Calls calls() {
    if (calls == null) {
      throw new IllegalStateException("this platform has no mmap");
    }
    return calls;
  }

  /** {@return MAP_ANONYMOUS, which differs between systems} */
  private static int anonymous() {
    if (Platform.isLinux()) {
      return Platform.ARCH.startsWith("mips") ? 0x800 : 0x20;
    }
    return Platform.isSolaris() ? 0x100 : Platform.isAIX() ? 0x10 : 0x1000;
  }
}
