package org.jallocator.torture;

import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;
import org.jallocator.stack.AllocatorStack;
import org.jallocator.testkit.DeepCalls;
import org.jallocator.testkit.RecordingAllocator;
import org.jallocator.testkit.ShallowInner;
import org.jallocator.torture.FaultyAllocator.Bug;

/** Calls ever deeper in the stack until it overflows: at every point of malloc and free. */
final class DepthRow implements Row {

  private static final long OVERFLOWS = 10_000;
  private static final int ROUNDS = 200;
  private static final long STACK_BYTES = 256 << 10;

  @Override
  public String name() {
    return "overflows of the Java stack";
  }

  @Override
  public void run(Figures figures, Scale scale) throws Exception {
    long overflows = scale.of(OVERFLOWS, 150);
    List<String> stacks = Stacks.all();
    int rounds = (int) Math.max(12, Math.min(ROUNDS, overflows / stacks.size()));
    if (scale.isLarge()) {
      figures.add("interpreted", interpreted(overflows / 2 / stacks.size() + 1, stacks));
    }
    while (figures.total() < overflows) {
      for (String stack : stacks) {
        figures.add("compiled", overflow(stack, rounds));
      }
    }
  }

  /**
   * Overflows in machines that compile nothing, one for each stack: a compiled method looks as far
   * ahead at its entry as all methods need that it has inlined, so that the stack seldom ends in
   * these.
   */
  private static long interpreted(long rounds, List<String> stacks) throws Exception {
    long overflows = 0;
    for (String stack : stacks) {
      overflows +=
          ChildJvm.run(
                  List.of(),
                  Map.of(),
                  List.of("-Xint", "-Xmx256m"),
                  List.of(ProgramOnShallowStack.class.getName(), "" + rounds, stack))
              .tried();
    }
    return overflows;
  }

  /** {@return how many times the stack has overflowed: about as often as it is asked to} */
  static long overflow(String expression, int rounds) {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    long[] overflows = {0};
    Thread thread =
        new Thread(
            null,
            () -> {
              try {
                overflows[0] = overflowHere(expression, rounds);
              } catch (Throwable e) {
                thrown.set(e);
              }
            },
            "deep",
            STACK_BYTES);
    thread.setDaemon(true);
    thread.start();
    Threads.join(thread);
    Throwable wrong = thrown.get();
    if (wrong != null) {
      throw new AssertionError(expression + ": " + wrong, wrong);
    }
    return overflows[0];
  }

  private static long overflowHere(String expression, int rounds) {
    ShallowInner inner = new ShallowInner(RecordingAllocator.create());
    RecordedProvider.use(inner);
    AllocatorStack stack = AllocatorStack.open(expression);
    DeepCalls calls = new DeepCalls(stack.allocator());
    calls.run(rounds);
    boolean books = stack.allocator() instanceof OwningAllocator;
    try {
      stack.closeAndRelease();
    } catch (LeakException e) {
      if (e.liveBlocks() > calls.doubtful()) {
        throw new AssertionError("leaks more than in doubt: " + calls.doubtful(), e);
      }
    }
    int most = books ? 0 : calls.doubtful();
    if (inner.live() > most || inner.wrongFrees() > 0) {
      throw new AssertionError(
          "inner blocks lost: " + inner.live() + ", wrong frees: " + inner.wrongFrees());
    }
    return calls.overflows();
  }

  @Override
  public List<Control> controls() {
    Bug early = Bug.COUNTS_TOO_EARLY;
    String stack = FaultyProvider.expression(early, "sizeclass(recorded)");
    // Interpreted, as only then the stack is sure to end in the faulty call.
    return List.of(new Control(early.name(), () -> interpreted(ROUNDS, List.of(stack))));
  }
}
