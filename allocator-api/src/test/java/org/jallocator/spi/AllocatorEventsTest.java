package org.jallocator.spi;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.jallocator.InvalidFreeException;
import org.jallocator.LeakException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Events reach every listener, and nothing that a listener does reaches an allocator. */
class AllocatorEventsTest {

  private final List<AllocatorListener> added = new ArrayList<>();
  private final List<String> told = new ArrayList<>();

  @AfterEach
  void removeListeners() {
    added.forEach(AllocatorEvents::remove);
  }

  private AllocatorListener add(AllocatorListener listener) {
    added.add(listener);
    AllocatorEvents.add(listener);
    return listener;
  }

  private AllocatorListener add(InvocationHandler handler) {
    return add(
        (AllocatorListener)
            Proxy.newProxyInstance(
                AllocatorListener.class.getClassLoader(),
                new Class<?>[] {AllocatorListener.class},
                handler));
  }

  private AllocatorListener addRecorder(String prefix) {
    return add(
        (proxy, method, arguments) -> {
          StringBuilder line = new StringBuilder(prefix + method.getName());
          for (Object argument : arguments) {
            line.append(' ').append(argument instanceof Exception ? "exception" : argument);
          }
          told.add(line.toString());
          return null;
        });
  }

  private static void tellOfEverything() {
    AllocatorEvents.pageTaken("arena", 0x1000, 64);
    AllocatorEvents.pageReturned("arena", 0x1000, 64);
    AllocatorEvents.innerRefused("arena", 64);
    AllocatorEvents.limitReached("limit", 64, 32);
    LeakException leak = new LeakException("arena", 1, 2, 3);
    assertSame(leak, AllocatorEvents.leaked("arena", leak));
    InvalidFreeException refusal =
        new InvalidFreeException(InvalidFreeException.Reason.DOUBLE_FREE, "arena", 3);
    assertSame(refusal, AllocatorEvents.invalidFree("arena", refusal));
  }

  @Test
  void tellsEveryListenerOfEverything() {
    addRecorder("a ");
    AllocatorListener second = addRecorder("b ");
    tellOfEverything();
    assertEquals(
        List.of(
            "a pageTaken arena 4096 64",
            "b pageTaken arena 4096 64",
            "a pageReturned arena 4096 64",
            "b pageReturned arena 4096 64",
            "a innerRefused arena 64",
            "b innerRefused arena 64",
            "a limitReached limit 64 32",
            "b limitReached limit 64 32",
            "a leaked arena exception",
            "b leaked arena exception",
            "a invalidFree arena exception",
            "b invalidFree arena exception"),
        told);
    told.clear();
    AllocatorEvents.remove(second);
    AllocatorEvents.remove(second);
    tellOfEverything();
    assertEquals(6, told.size());
  }

  @Test
  void doesNothingByDefault() {
    add(new AllocatorListener() {});
    assertDoesNotThrow(AllocatorEventsTest::tellOfEverything);
  }

  @Test
  void keepsWhatAListenerThrowsFromTheAllocatorAndFromOtherListeners() {
    for (Throwable thrown :
        List.of(
            new IllegalStateException("planted"),
            new StackOverflowError(),
            new OutOfMemoryError(),
            new NoClassDefFoundError("planted"),
            new AssertionError("planted"),
            new InterruptedException("undeclared"))) {
      add(
          (proxy, method, arguments) -> {
            throw thrown;
          });
      addRecorder("");
      tellOfEverything();
      assertEquals(6, told.size(), thrown::toString);
      removeListeners();
      told.clear();
    }
  }

  @Test
  void keepsARealStackOverflowOfAListenerFromTheAllocator() {
    add((proxy, method, arguments) -> deeper(0));
    assertDoesNotThrow(AllocatorEventsTest::tellOfEverything);
  }

  @SuppressWarnings("InfiniteRecursion") // on purpose
  private static Object deeper(int depth) {
    return deeper(depth + 1);
  }

  @Test
  void survivesAListenerThatCausesTheSameEventAgain() {
    add(
        new AllocatorListener() {
          @Override
          public void innerRefused(String layer, long bytes) {
            AllocatorEvents.innerRefused(layer, bytes);
          }
        });
    assertDoesNotThrow(() -> AllocatorEvents.innerRefused("arena", 64));
  }

  @Test
  void refusesNull() {
    assertEquals(
        "listener is null",
        assertThrows(NullPointerException.class, () -> AllocatorEvents.add(absent())).getMessage());
  }

  @SuppressWarnings("NullAway") // a mistake made on purpose
  private static AllocatorListener absent() {
    return null;
  }
}
