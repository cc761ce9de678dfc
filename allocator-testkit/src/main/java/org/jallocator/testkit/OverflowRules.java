package org.jallocator.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jallocator.Allocator;
import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;

/** The rules of the contract about a stack that overflows in the middle of malloc and free. */
abstract class OverflowRules extends FaultyFreeRules {

  private static final long STACK_BYTES = 256 << 10;
  private static final long MAX_SECONDS = 60;

  @AppliesTo(Trait.LEDGER)
  void aStackOverflowAtAnyDepthChangesNothing() throws InterruptedException {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread thread =
        new Thread(
            null,
            () -> {
              try {
                overflow();
              } catch (RuntimeException | Error e) {
                thrown.set(e);
              }
            },
            "deep",
            STACK_BYTES);
    thread.setDaemon(true);
    thread.start();
    thread.join(TimeUnit.SECONDS.toMillis(MAX_SECONDS));
    StackTraceElement[] hanging = thread.getStackTrace();
    assertTrue(!thread.isAlive(), () -> "hangs at " + Arrays.stream(hanging).limit(8).toList());
    if (thrown.get() != null) {
      throw new AssertionError("after an overflow: " + thrown.get(), thrown.get());
    }
  }

  private void overflow() {
    ShallowInner inner = new ShallowInner(configureInner(AddressRange.LOW.inner()).build());
    Stack stack = openOn(inner);
    DeepCalls calls = new DeepCalls(stack.root());
    calls.run(Rounds.overflows());
    try {
      stack.root().close();
    } catch (LeakException e) {
      assertTrue(e.liveBlocks() <= calls.doubtful(), e::getMessage);
      closeAndRelease(stack.root());
    }
    stack.below().layers().forEach(OverflowRules::closeAndRelease);
    boolean passedOn = kind() == LayerKind.STACK && !(stack.root() instanceof OwningAllocator);
    int most = passedOn ? calls.doubtful() : 0;
    assertTrue(inner.live() <= most, () -> "pages lost: " + inner.live() + ", doubtful=" + most);
    assertEquals(0, inner.wrongFrees(), "wrong frees of inner memory");
  }

  private static void closeAndRelease(AutoCloseable layer) {
    try {
      ((Allocator) layer).closeAndRelease();
    } catch (LeakException e) {
      // A block in doubt.
    }
  }
}
