package org.jallocator.fixedblock;

import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;

/** An owner that takes a block and ends, and a thread that then takes one, too, with no fence. */
@JCStressTest
@Outcome(id = "two, 3", expect = Expect.ACCEPTABLE, desc = "the adopter saw what the owner did")
@Outcome(id = "one, 2", expect = Expect.ACCEPTABLE, desc = "the owner had not ended yet")
@Outcome(expect = Expect.FORBIDDEN, desc = "both were in the heap")
@State
public class AdoptionAfterDeath extends OneHeap {

  private volatile @Nullable Thread thread;
  private long first;
  private long second;

  @Actor
  public void owner() {
    Thread owner = new Thread(() -> first = malloc());
    owner.start();
    thread = owner;
  }

  @Actor
  public void adopter() {
    Thread owner = thread;
    for (int tries = 0; tries < 2000 && (owner == null || !Ended.hasEnded(owner)); tries++) {
      Thread.onSpinWait();
      owner = thread;
    }
    if (owner != null && Ended.hasEnded(owner)) {
      heap.lockOnly();
      second = heap.takeSlow(0);
    }
  }

  @Arbiter
  public void look(LL_Result r) {
    Thread owner = thread;
    while (owner != null && owner.isAlive()) {
      Thread.onSpinWait();
    }
    r.r1 = first == second ? "the same" : isBlock(second) ? "two" : "one";
    heap.unlock();
    r.r2 = books();
  }
}
