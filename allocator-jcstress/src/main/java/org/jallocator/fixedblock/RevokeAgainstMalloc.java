package org.jallocator.fixedblock;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;

/** The owner's malloc, and a thread that revokes the heap and takes a block of it. */
@JCStressTest
@Outcome(id = "two, 3", expect = Expect.ACCEPTABLE, desc = "both took a block")
@Outcome(id = "one, 2", expect = Expect.ACCEPTABLE, desc = "the owner found the heap revoked")
@Outcome(expect = Expect.FORBIDDEN, desc = "both were in the heap")
@State
public class RevokeAgainstMalloc extends OneHeap {

  private long first;
  private long second;

  @Actor
  public void owner() {
    play();
    first = malloc();
  }

  @Actor
  public void revoker() {
    revoke();
    second = heap.takeSlow(0);
    heap.unlock();
  }

  @Arbiter
  public void look(LL_Result r) {
    r.r1 = first == second ? "the same" : isBlock(first) ? "two" : "one";
    r.r2 = books();
  }
}
