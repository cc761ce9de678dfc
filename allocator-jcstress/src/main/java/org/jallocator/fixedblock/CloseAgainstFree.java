package org.jallocator.fixedblock;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** The owner's free of the last block, and a thread that closes the heap if no block is live. */
@JCStressTest
@Outcome(id = "true, true", expect = Expect.ACCEPTABLE, desc = "freed, then closed")
@Outcome(id = "false, false", expect = Expect.ACCEPTABLE, desc = "revoked before the free")
@Outcome(id = "true, false", expect = Expect.FORBIDDEN, desc = "freed while closing looked")
@Outcome(id = "false, true", expect = Expect.FORBIDDEN, desc = "closed with the block live")
@State
public class CloseAgainstFree extends OneHeap {

  private boolean freed;
  private boolean closed;

  @Actor
  public void owner() {
    play();
    freed = free(live);
  }

  @Actor
  public void closer() {
    revoke();
    if (heap.pool(0).liveBlocks() == 0) {
      heap.close();
      closed = true;
    } // else the heap stays revoked: the owner cannot come later
  }

  @Arbiter
  public void look(ZZ_Result r) {
    r.r1 = freed;
    r.r2 = closed;
  }
}
