package org.jallocator.jna;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.util.Arrays;
import java.util.List;
import java.util.ServiceLoader;
import org.jallocator.spi.NativeAccess;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class JnaNativeAccessTest {

  private static final int SIZE = 64;

  private final NativeAccess access = new JnaNativeAccess();
  private long address;

  @BeforeEach
  void takeBlock() {
    address = Native.malloc(SIZE);
    access.fill(address, SIZE, (byte) 0);
  }

  @AfterEach
  void giveBlock() {
    Native.free(address);
  }

  private byte[] all() {
    byte[] all = new byte[SIZE];
    access.read(address, all, SIZE);
    return all;
  }

  @Test
  void isFoundByTheServiceLoader() {
    getClass().getModule().addUses(NativeAccess.class);
    List<Class<?>> found =
        ServiceLoader.load(NativeAccess.class).stream()
            .<Class<?>>map(ServiceLoader.Provider::type)
            .toList();
    assertTrue(found.contains(JnaNativeAccess.class), () -> "found " + found);
  }

  @Test
  void fillsTheBytesAskedForAndNoOthers() {
    access.fill(address + 3, 5, (byte) -2);
    byte[] expected = new byte[SIZE];
    Arrays.fill(expected, 3, 8, (byte) -2);
    assertArrayEquals(expected, all());
  }

  @Test
  void writesTheBytesAskedForAndNoOthers() {
    access.write(address + 1, new byte[] {1, -2, 3, 4}, 3);
    byte[] expected = new byte[SIZE];
    System.arraycopy(new byte[] {1, -2, 3}, 0, expected, 1, 3);
    assertArrayEquals(expected, all());
  }

  @Test
  void readsTheBytesAskedForAndNoOthers() {
    access.fill(address, SIZE, (byte) 7);
    byte[] target = new byte[4];
    access.read(address, target, 2);
    assertArrayEquals(new byte[] {7, 7, 0, 0}, target);
  }

  @Test
  void doesNothingForNoBytes() {
    access.fill(address, 0, (byte) 1);
    access.write(address, new byte[] {1}, 0);
    access.read(address, new byte[0], 0);
    assertArrayEquals(new byte[SIZE], all());
  }

  @Test
  void refusesMoreBytesThanTheArrayHas() {
    assertThrows(IndexOutOfBoundsException.class, () -> access.read(address, new byte[4], 5));
    assertThrows(IndexOutOfBoundsException.class, () -> access.write(address, new byte[4], 5));
  }

  @Test
  void hasPagesOfAPowerOfTwo() {
    assertEquals(1, Long.bitCount(access.pageSize()));
    assertTrue(access.pageSize() >= 4096);
  }

  @Test
  void mapsEverywhereButOnWindows() {
    assertEquals(!Platform.isWindows(), access.canMap());
  }

  @Test
  void mapsFreshPagesThatCanBeLockedAndUnlocked() {
    assumeTrue(access.canMap());
    long bytes = 3 * access.pageSize();
    long pages = access.reserve(bytes);
    assertNotEquals(0, pages);
    assertEquals(0, pages % access.pageSize());
    byte[] content = new byte[(int) bytes];
    access.read(pages, content, content.length);
    assertArrayEquals(new byte[content.length], content);
    access.fill(pages, bytes, (byte) 1);
    assertTrue(access.protect(pages + access.pageSize(), access.pageSize(), false));
    access.fill(pages, access.pageSize(), (byte) 2);
    assertTrue(access.protect(pages + access.pageSize(), access.pageSize(), true));
    access.read(pages + access.pageSize(), content, 1);
    assertEquals(1, content[0]);
    access.unmap(pages, bytes);
  }

  @Test
  void lockedPagesCannotBeRead() {
    assumeTrue(access.canMap() && Platform.isLinux());
    long bytes = access.pageSize();
    long pages = access.reserve(bytes);
    assertTrue(access.protect(pages, bytes, false));
    // The kernel writes there in our place, and answers EFAULT where a program would end.
    assertEquals(-1, Kernel.getcwd(pages, bytes));
    assertTrue(access.protect(pages, bytes, true));
    assertTrue(Kernel.getcwd(pages, bytes) > 0);
    access.unmap(pages, bytes);
  }

  /** What writes to an address and survives if it may not. */
  private static final class Kernel {

    private static final long NUMBER = Platform.ARCH.equals("x86-64") ? 79 : 17;

    static long getcwd(long address, long bytes) {
      return com.sun.jna.Function.getFunction("c", "syscall")
          .invokeLong(new Object[] {NUMBER, address, bytes});
    }
  }

  @Test
  void answersNullIfThereIsNoMemory() {
    assumeTrue(access.canMap());
    assertEquals(0, access.reserve(1L << 60));
  }

  @Test
  void refusesRangesThatAreNotOfWholePages() {
    assumeTrue(access.canMap());
    long page = access.pageSize();
    assertThrows(IllegalArgumentException.class, () -> access.reserve(0));
    assertThrows(IllegalArgumentException.class, () -> access.reserve(page + 1));
    assertThrows(IllegalArgumentException.class, () -> access.protect(page + 8, page, false));
    assertThrows(IllegalArgumentException.class, () -> access.unmap(page, -page));
  }

  @Test
  void saysNoIfTheSystemRefusesToProtect() {
    assumeTrue(access.canMap());
    // The last page of the lower half of addresses is never mapped.
    long none = (1L << 62) - access.pageSize();
    assertEquals(false, access.protect(none, access.pageSize(), false));
  }
}
