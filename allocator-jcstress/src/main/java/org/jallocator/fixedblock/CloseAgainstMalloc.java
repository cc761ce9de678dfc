package org.jallocator.fixedblock;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** The owner's malloc, and a thread that closes the heap if no more than one block is live. */
@JCStressTest
@Outcome(id = "true, false", expect = Expect.ACCEPTABLE, desc = "closing found the block")
@Outcome(id = "false, true", expect = Expect.ACCEPTABLE, desc = "the owner found the heap closed")
@Outcome(id = "false, false", expect = Expect.FORBIDDEN, desc = "neither")
@Outcome(id = "true, true", expect = Expect.FORBIDDEN, desc = "closed with the block live")
@State
public class CloseAgainstMalloc extends OneHeap {

  private boolean taken;
  private boolean closed;

  @Actor
  public void owner() {
    play();
    taken = isBlock(malloc());
  }

  @Actor
  public void closer() {
    revoke();
    if (heap.pool(0).liveBlocks() == 1) {
      heap.close();
      closed = true;
    } else {
      heap.unlock();
    }
  }

  @Arbiter
  public void look(ZZ_Result r) {
    r.r1 = taken;
    r.r2 = closed;
  }
}
