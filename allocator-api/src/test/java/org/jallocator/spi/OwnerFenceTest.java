package org.jallocator.spi;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Enumeration;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinWorkerThread;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OwnerFenceTest {

  private final String before = System.getProperty(OwnerFence.PROPERTY);

  @AfterEach
  void restoreTheProperty() {
    set(before);
  }

  private static void set(String value) {
    if (value == null) {
      System.clearProperty(OwnerFence.PROPERTY);
    } else {
      System.setProperty(OwnerFence.PROPERTY, value);
    }
  }

  @Test
  void theKindInUseMayBeNamedAndNothingElse() {
    OwnerFence.Kind kind = OwnerFence.kind();
    set(kind.name().toLowerCase(Locale.ROOT));
    OwnerFence.check("stats");
    set("none");
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> OwnerFence.check("stats"));
    assertEquals(
        "stats: fence is unknown, not available here, or set too late: allocator.fence=none, in use="
            + kind.name().toLowerCase(Locale.ROOT)
            + ", limit=process, handshake or full",
        refused.getMessage());
  }

  /** A fence that this process can use. */
  private static class Fence implements ProcessFence {

    @Override
    public boolean isAvailable() {
      return true;
    }

    @Override
    public void fence() {}
  }

  /** Loaded by name. */
  public static final class Good extends Fence {}

  /** Loaded by name; cannot be made. */
  public static final class Unmade extends Fence {
    /** For the service loader. */
    public Unmade() {
      throw new IllegalStateException("planted");
    }
  }

  /** Loaded by name; says that it cannot be used. */
  public static final class Unavailable extends Fence {
    @Override
    public boolean isAvailable() {
      return false;
    }
  }

  /** Loaded by name; what it needs is missing. */
  public static final class Unlinked extends Fence {
    @Override
    public boolean isAvailable() {
      throw new NoClassDefFoundError("planted");
    }
  }

  @Test
  void aBrokenProviderDoesNotHideALaterOne() {
    Fence good = new Fence();
    for (Throwable thrown :
        List.of(
            new ServiceConfigurationError("planted"),
            new NoClassDefFoundError("planted"),
            new IllegalStateException("planted"))) {
      ProcessFence broken =
          new Fence() {
            @Override
            public boolean isAvailable() {
              return fail(thrown);
            }
          };
      assertSame(good, OwnerFence.firstAvailable(List.of(broken, broken, good)), thrown::toString);
      assertNull(OwnerFence.firstAvailable(List.of(broken)), thrown::toString);
    }
  }

  private static boolean fail(Throwable thrown) {
    if (thrown instanceof Error error) {
      throw error;
    }
    throw (RuntimeException) thrown;
  }

  /** On the module path a list of services counts in unnamed modules only. */
  @Test
  void theServiceLoaderGoesOnBehindABrokenProvider(@TempDir Path directory) throws IOException {
    assumeFalse(OwnerFence.class.getModule().isNamed());
    String prefix = OwnerFenceTest.class.getName() + "$";
    assertNull(found(directory, List.of("no.Such", prefix + "Unmade", prefix + "Unavailable")));
    ProcessFence found =
        found(
            directory,
            List.of(
                "no.Such",
                "no.Such2",
                prefix + "Unmade",
                prefix + "Unavailable",
                prefix + "Unlinked",
                prefix + "Good"));
    assertInstanceOf(Good.class, found);
  }

  private static @Nullable ProcessFence found(Path directory, List<String> names)
      throws IOException {
    Path list = Files.write(directory.resolve("services"), names);
    ClassLoader loader =
        new ClassLoader(OwnerFenceTest.class.getClassLoader()) {
          @Override
          public Enumeration<URL> getResources(String name) throws IOException {
            return Collections.enumeration(List.of(list.toUri().toURL()));
          }
        };
    return OwnerFence.firstAvailable(ServiceLoader.load(ProcessFence.class, loader));
  }

  /** A thread that answers for its stack by itself, so that nothing stops it. */
  private static class Unstopped extends Thread {

    Unstopped(Runnable work) {
      super(work);
    }

    @Override
    public StackTraceElement[] getStackTrace() {
      throw new AssertionError("nothing stops this thread");
    }
  }

  /** Inherits what is no fence. */
  private static final class UnstoppedChild extends Unstopped {

    UnstoppedChild() {
      super(() -> {});
    }
  }

  @Test
  void theFenceAsksNoThreadThatAnswersForItsStackByItself() throws InterruptedException {
    CountDownLatch end = new CountDownLatch(1);
    Thread owner =
        new Unstopped(
            () -> {
              try {
                end.await();
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
            });
    owner.start();
    try {
      assertDoesNotThrow(() -> OwnerFence.heavy(List.of(Thread.currentThread(), owner)));
    } finally {
      end.countDown();
      owner.join();
    }
  }

  @Test
  void onlyAThreadThatAnswersForItsStackByItselfMakesTheFenceStopAllThreads() {
    assertFalse(OwnerFence.overridesStackTrace(Thread.class));
    assertFalse(OwnerFence.overridesStackTrace(ForkJoinWorkerThread.class));
    assertTrue(OwnerFence.overridesStackTrace(Unstopped.class));
    assertTrue(OwnerFence.overridesStackTrace(UnstoppedChild.class));
  }

  @Test
  void aListOfProvidersThatCannotBeReadIsNotReadForEver() {
    int[] calls = new int[1];
    Iterable<ProcessFence> unreadable =
        () ->
            new Iterator<>() {
              @Override
              public boolean hasNext() {
                if (calls[0]++ == 10_000) {
                  throw new AssertionError("for ever");
                }
                throw new ServiceConfigurationError("planted");
              }

              @Override
              public ProcessFence next() {
                throw new NoSuchElementException();
              }
            };
    assertNull(OwnerFence.firstAvailable(unreadable));
  }
}
