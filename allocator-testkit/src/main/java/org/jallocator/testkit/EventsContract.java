package org.jallocator.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.Arena;
import org.jallocator.InvalidFreeException;
import org.jallocator.LeakException;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.AllocatorListener;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * The tests of a layer that sends {@link AllocatorEvents}: it takes pages from an inner, and finds
 * wrong frees and leaks.
 */
public abstract class EventsContract {

  private static final int STEPS = 600;
  private static final int MAX_SIZE = 3000;

  /** Keeps what it is told on this thread, a line or an exception each; then it may throw. */
  private static final class Listener implements AllocatorListener {

    private final Thread thread = Thread.currentThread();
    private final List<Object> told = new ArrayList<>();
    private final @Nullable Throwable thrown;

    Listener(@Nullable Throwable thrown) {
      this.thrown = thrown;
    }

    private void tell(Object event) {
      if (Thread.currentThread() == thread) {
        told.add(event);
        sneak(thrown);
      }
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <T extends Throwable> void sneak(@Nullable Throwable thrown) throws T {
      if (thrown != null) {
        throw (T) thrown;
      }
    }

    @Override
    public void pageTaken(String layer, long address, long bytes) {
      tell(taken(layer, address, bytes));
    }

    @Override
    public void pageReturned(String layer, long address, long bytes) {
      tell(returned(layer, address, bytes));
    }

    @Override
    public void innerRefused(String layer, long bytes) {
      tell(refused(layer, bytes));
    }

    @Override
    public void leaked(String layer, LeakException leak) {
      tell(leak);
    }

    @Override
    public void invalidFree(String layer, InvalidFreeException refusal) {
      tell(refusal);
    }
  }

  private static String taken(String layer, long address, long bytes) {
    return layer + " took " + bytes + " at " + address;
  }

  private static String returned(String layer, long address, long bytes) {
    return layer + " returned " + bytes + " at " + address;
  }

  private static String refused(String layer, long bytes) {
    return layer + " was refused " + bytes;
  }

  /** Writes down for each call what its layer must tell, and has no memory now and then. */
  private static final class Inner implements Allocator {

    private final RecordingAllocator memory = RecordingAllocator.builder().shared(true).build();
    private final List<Object> expected = new ArrayList<>();
    private final String layer;
    private final Random failures = new Random(20);
    boolean fails;

    Inner(String layer) {
      this.layer = layer;
    }

    @Override
    public long malloc(long size) {
      throw new AssertionError("a layer calls tryMalloc");
    }

    @Override
    public long tryMalloc(long size) {
      if (fails && failures.nextInt(4) == 0) {
        expected.add(refused(layer, size));
        if (failures.nextBoolean()) {
          throw new OutOfMemoryError("planned");
        }
        return NULL;
      }
      long address = memory.tryMalloc(size);
      expected.add(taken(layer, address, size));
      return address;
    }

    @Override
    public void free(long address) {
      throw new AssertionError("a layer frees with the size");
    }

    @Override
    public void free(long address, long size) {
      memory.free(address, size);
      expected.add(returned(layer, address, size));
    }

    @Override
    public long maxSize() {
      return memory.maxSize();
    }

    @Override
    public long alignment() {
      return memory.alignment();
    }

    @Override
    public boolean isShared() {
      return true;
    }

    @Override
    public AllocatorStats stats() {
      return memory.stats();
    }

    @Override
    public void close() {
      memory.close();
    }
  }

  private final List<Listener> added = new ArrayList<>();

  /** Made by JUnit. */
  protected EventsContract() {}

  /**
   * Makes the layer.
   *
   * @param inner what it takes memory from
   * @return a new allocator that nobody else uses
   */
  protected abstract Allocator create(Allocator inner);

  /** {@return the name of the layer, as in its events and errors} */
  protected abstract String layer();

  private Listener listen(@Nullable Throwable thrown) {
    Listener listener = new Listener(thrown);
    AllocatorEvents.add(listener);
    added.add(listener);
    return listener;
  }

  @AfterEach
  final void removeListeners() {
    added.forEach(AllocatorEvents::remove);
  }

  /** Mallocs, frees and closes; {@return all addresses} */
  private static List<Long> run(Allocator allocator) {
    Random random = new Random(10);
    long max = Math.min(MAX_SIZE, allocator.maxSize());
    List<Long> live = new ArrayList<>();
    List<Long> all = new ArrayList<>();
    for (int step = 0; step < STEPS; step++) {
      boolean grows = step / 100 % 2 == 0;
      if (live.isEmpty() || random.nextInt(4) == 0 != grows) {
        long address = allocator.tryMalloc(1 + random.nextLong(max));
        all.add(address);
        if (address != Allocator.NULL) {
          live.add(address);
        }
      } else {
        allocator.free(live.remove(random.nextInt(live.size())));
      }
      if (step % 150 == 149) {
        allocator.trim();
      }
      if (step % 250 == 249 && allocator instanceof Arena arena) {
        arena.freeAll();
        live.clear();
      }
    }
    live.forEach(allocator::free);
    allocator.close();
    return all;
  }

  @Test
  final void eachCallOfTheInnerIsToldOnceInOrder() {
    Listener listener = listen(null);
    Inner inner = new Inner(layer());
    inner.fails = true;
    run(create(inner));
    assertEquals(inner.expected, listener.told);
    assertFalse(inner.expected.isEmpty());
    inner.close();
  }

  @Test
  final void aListenerThatThrowsChangesNothing() {
    Inner inner = new Inner(layer());
    inner.fails = true;
    List<Long> addresses = run(create(inner));
    for (Throwable thrown :
        List.of(
            new IllegalStateException("planned"),
            new Exception("planned"),
            new OutOfMemoryError("planned"),
            new StackOverflowError("planned"))) {
      Listener listener = listen(thrown);
      Inner again = new Inner(layer());
      again.fails = true;
      assertEquals(addresses, run(create(again)), thrown::toString);
      assertEquals(inner.expected, again.expected, thrown::toString);
      assertEquals(inner.expected, listener.told, thrown::toString);
      assertWrongFreesAndLeaksAreTold(again, listener);
      again.close();
      AllocatorEvents.remove(listener);
    }
    inner.close();
  }

  @Test
  final void wrongFreesAndLeaksAreToldWithWhatIsThrown() {
    Inner inner = new Inner(layer());
    assertWrongFreesAndLeaksAreTold(inner, listen(null));
    inner.close();
  }

  private void assertWrongFreesAndLeaksAreTold(Inner inner, Listener listener) {
    inner.fails = false;
    Allocator allocator = create(inner);
    long size = Math.min(100, allocator.maxSize());
    long address = allocator.malloc(size);
    long other = allocator.malloc(size);
    inner.expected.clear();
    listener.told.clear();

    Throwable foreign =
        assertThrows(InvalidFreeException.class, () -> allocator.free(other + (1L << 50)));
    Throwable interior = assertThrows(InvalidFreeException.class, () -> allocator.free(other + 1));
    Throwable sized =
        assertThrows(InvalidFreeException.class, () -> allocator.free(other, Long.MAX_VALUE));
    assertTold(listener, foreign, interior, sized);

    Throwable leak = assertThrows(LeakException.class, allocator::close);
    assertTold(listener, leak);

    allocator.free(address);
    inner.expected.clear();
    listener.told.clear();
    Throwable twice = assertThrows(InvalidFreeException.class, () -> allocator.free(address));
    assertTold(listener, twice);

    Throwable last = assertThrows(LeakException.class, allocator::closeAndRelease);
    assertSame(last, listener.told.get(0));
    listener.told.remove(0);
    assertEquals(inner.expected, listener.told);
  }

  /** Checks what was told, in this order, and forgets it. */
  private static void assertTold(Listener listener, Object... expected) {
    assertEquals(List.of(expected), listener.told);
    listener.told.clear();
  }
}
