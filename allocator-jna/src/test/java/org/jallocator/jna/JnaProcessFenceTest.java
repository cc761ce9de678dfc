package org.jallocator.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.Platform;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.Phaser;
import org.jallocator.spi.ProcessFence;
import org.junit.jupiter.api.Test;

final class JnaProcessFenceTest {

  private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(int[].class);

  // Far from each other: neither is to wait for the other's cache line.
  private static final int LIGHT = 64;
  private static final int HEAVY = 192;

  private final ProcessFence fence = new JnaProcessFence();

  private final int[] words = new int[256];
  private int seenByLight;
  private int seenByHeavy;

  @Test
  void isFoundByTheServiceLoader() {
    getClass().getModule().addUses(ProcessFence.class);
    List<Class<?>> found =
        ServiceLoader.load(ProcessFence.class).stream()
            .<Class<?>>map(ServiceLoader.Provider::type)
            .toList();
    assertTrue(found.contains(JnaProcessFence.class), () -> "found " + found);
  }

  @Test
  void isAvailableOnLinuxAndWindowsAndNowhereElse() {
    boolean known = Set.of("x86-64", "aarch64").contains(Platform.ARCH);
    assumeTrue(known && !isFiltered());
    assertEquals(Platform.isLinux() || Platform.isWindows(), fence.isAvailable());
  }

  /** A container's filter refuses the call with another answer than the kernel's list. */
  private boolean isFiltered() {
    return Platform.isLinux() && !fence.isAvailable() && System.getenv("container") != null;
  }

  @Test
  void refusesToRunWhereItIsNotAvailable() {
    assumeTrue(!fence.isAvailable());
    assertThrows(IllegalStateException.class, fence::fence);
  }

  /**
   * Each thread writes one word and reads the other's. One at least must see the other's write,
   * though the light side has no barrier. Without the heavy side's, some rounds fail.
   */
  @Test
  void stopsBothThreadsFromMissingEachOther() throws InterruptedException {
    assumeTrue(fence.isAvailable());
    int rounds = 20_000;
    Phaser line = new Phaser(2);
    Thread other =
        new Thread(
            () -> {
              for (int i = 0; i < rounds; i++) {
                line.arriveAndAwaitAdvance();
                WORDS.setOpaque(words, LIGHT, 1);
                seenByLight = (int) WORDS.getOpaque(words, HEAVY);
                line.arriveAndAwaitAdvance();
              }
            });
    other.start();
    int missed = 0;
    for (int i = 0; i < rounds; i++) {
      words[LIGHT] = 0;
      words[HEAVY] = 0;
      line.arriveAndAwaitAdvance();
      WORDS.setOpaque(words, HEAVY, 1);
      fence.fence();
      seenByHeavy = (int) WORDS.getOpaque(words, LIGHT);
      line.arriveAndAwaitAdvance();
      if (seenByLight == 0 && seenByHeavy == 0) {
        missed++;
      }
    }
    other.join();
    assertEquals(0, missed);
  }

  @Test
  void letsAStackOverflowPassAndGoesOn() {
    assumeTrue(fence.isAvailable());
    for (int i = 0; i < 20; i++) {
      assertThrows(StackOverflowError.class, () -> fenceAtEveryDepth(Integer.MAX_VALUE));
      fence.fence();
    }
    assertTrue(fence.isAvailable());
  }

  private int fenceAtEveryDepth(int levels) {
    fence.fence();
    return levels == 0 ? 0 : 1 + fenceAtEveryDepth(levels - 1);
  }
}
