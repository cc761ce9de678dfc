package org.jallocator.fixedblock;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;

/** The owner's free, and a thread that revokes the heap and takes a block of it. */
@JCStressTest
@Outcome(id = "true, 1", expect = Expect.ACCEPTABLE, desc = "one freed, one taken")
@Outcome(id = "false, 2", expect = Expect.ACCEPTABLE, desc = "the owner found the heap revoked")
@Outcome(expect = Expect.FORBIDDEN, desc = "both were in the heap")
@State
public class RevokeAgainstFree extends OneHeap {

  private boolean freed;

  @Actor
  public void owner() {
    play();
    freed = free(live);
  }

  @Actor
  public void revoker() {
    revoke();
    long unused = heap.takeSlow(0);
    heap.unlock();
  }

  @Arbiter
  public void look(LL_Result r) {
    r.r1 = freed;
    r.r2 = books();
  }
}
