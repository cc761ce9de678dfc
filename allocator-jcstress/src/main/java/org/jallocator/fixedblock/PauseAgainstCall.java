package org.jallocator.fixedblock;

import org.jallocator.fixedblock.CallGate.Caller;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * A call of a thread with a word of its own at the gate of a fallback, and a pause. It sees a call
 * that does not look for a pause. It does not see that the heavy fence is missing: between the two
 * sides of the pause there is so much work that the store of a call has become visible anyway.
 */
@JCStressTest
@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "the pause was before the call")
@Outcome(id = "2, 1", expect = Expect.ACCEPTABLE, desc = "the pause was after the call")
@Outcome(expect = Expect.FORBIDDEN, desc = "the call was in progress in the pause")
@State
public class PauseAgainstCall {

  /** So long a call takes that a pause which overlooks it sees it. */
  private static final int SPINS = 20;

  /** The thread that last was the caller. Which one will be is not known when this is made. */
  private static volatile Thread player = new Thread("caller");

  private final CallGate gate = new CallGate();
  private final Caller word = gate.adopt(player);
  private int step;

  @Actor
  public void call() {
    if (!word.isOf(Thread.currentThread())) {
      player = Thread.currentThread();
      return; // the pause would not fence this thread
    }
    gate.enter(word);
    step = 1;
    for (int i = 0; i < SPINS; i++) {
      Thread.onSpinWait();
    }
    step = 2;
    gate.leave(word, 1);
  }

  @Actor
  public void pause(II_Result r) {
    gate.pause();
    r.r1 = step;
    r.r2 = (int) gate.blocks();
    gate.resume();
  }
}
