package org.jallocator.fixedblock;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;

/** Two frees of one block: the owner's and a remote one. */
@JCStressTest
@Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "one was refused at once")
@Outcome(id = "2, 0, reported", expect = Expect.ACCEPTABLE, desc = "both succeeded: a report")
@Outcome(expect = Expect.FORBIDDEN, desc = "neither succeeded, or a second one is not reported")
@State
public class RemoteAgainstOwnersFree extends OneHeap {

  private boolean byOwner;
  private boolean byOther;

  @Actor
  public void owner() {
    byOwner = free(live);
  }

  @Actor
  public void other() {
    int index = (int) page.index(live);
    byOther = heap.freeRemotely(page, index) != RemoteFrees.Added.ALREADY;
  }

  @Arbiter
  public void look(LL_Result r) {
    heap.collectAll();
    r.r1 = (byOwner ? 1 : 0) + (byOther ? 1 : 0);
    r.r2 = books() + (freedTwice.take("test") == null ? "" : ", reported");
  }
}
