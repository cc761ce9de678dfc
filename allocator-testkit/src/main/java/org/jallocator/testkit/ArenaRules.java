package org.jallocator.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jallocator.Arena;

/** The rules of the contract about arenas: freeAll, and nested scopes. */
abstract class ArenaRules extends ReleaseRules {

  @AppliesTo(Trait.ARENA)
  void freeAllFreesEveryBlockAndTheArenaGoesOn() {
    for (int round = 0; round < 5; round++) {
      List<Long> freed = takeSome(20);
      subject().freeAll();
      assertAllStale(freed);
    }
  }

  @AppliesTo(Trait.ARENA)
  void freeAllOfAnEmptyArenaIsSilent() {
    subject().freeAll();
    subject().freeAll();
    takeSome(3);
    subject().freeAll();
    subject().freeAll();
  }

  @AppliesTo(Trait.ARENA)
  void releaseFreesWhatIsYoungerThanItsMarkAndNothingElse() {
    List<Long> older = takeSome(20);
    Subject.Mark mark = subject().mark();
    List<Long> younger = takeSome(20);
    subject().release(mark);
    assertAllStale(younger);
    older.forEach(address -> assertTrue(subject().isLive(address)));
    older.forEach(subject()::free);
  }

  @AppliesTo(Trait.ARENA)
  void releaseOfAnEmptyScopeFreesNothing() {
    takeSome(5);
    subject().release(subject().mark());
    assertEquals(5, subject().blocks().size());
    subject().release(subject().mark());
  }

  @AppliesTo(Trait.ARENA)
  void releaseSparesNoBlockThatTookTheRoomOfAnOlderOne() {
    long kept = subject().malloc(1);
    long older = subject().malloc(1);
    Subject.Mark mark = subject().mark();
    subject().free(older);
    List<Long> younger = takeSome(3);
    subject().release(mark);
    assertAllStale(younger);
    subject().free(kept);
  }

  @AppliesTo(Trait.ARENA)
  void aBlockOfAScopeMayBeFreedBeforeTheScopeEnds() {
    Subject.Mark mark = subject().mark();
    List<Long> young = takeSome(10);
    subject().free(young.get(0));
    subject().free(young.get(9));
    subject().free(young.get(4));
    subject().release(mark);
    assertAllStale(young);
  }

  @AppliesTo(Trait.ARENA)
  void scopesNest() {
    List<Subject.Mark> marks = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      takeSome(i % 4);
      marks.add(subject().mark());
    }
    for (int i = 49; i >= 0; i--) {
      takeSome(i % 3);
      subject().release(marks.get(i));
    }
    subject().freeEverything();
  }

  @AppliesTo(Trait.ARENA)
  void releaseEndsAllYoungerMarks() {
    subject().malloc(1);
    Subject.Mark oldest = subject().mark();
    subject().malloc(1);
    Subject.Mark middle = subject().mark();
    subject().malloc(1);
    Subject.Mark youngest = subject().mark();
    subject().release(middle);
    assertStale(middle.token());
    assertStale(youngest.token());
    subject().malloc(1);
    assertStale(youngest.token());
    subject().release(oldest);
    assertStale(oldest.token());
  }

  @AppliesTo(Trait.ARENA)
  void aStaleMarkIsNotRevivedByAYoungerOne() {
    List<Long> stale = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      subject().malloc(1);
      Subject.Mark mark = subject().mark();
      for (long token : stale) {
        assertStale(token);
      }
      subject().malloc(1);
      subject().release(mark);
      stale.add(mark.token());
    }
  }

  @AppliesTo(Trait.ARENA)
  void freeAllEndsAllMarks() {
    subject().malloc(1);
    Subject.Mark first = subject().mark();
    subject().malloc(1);
    Subject.Mark second = subject().mark();
    subject().freeAll();
    assertStale(first.token());
    assertStale(second.token());
    subject().malloc(1);
    assertStale(first.token());
  }

  @AppliesTo(Trait.ARENA)
  void releaseRefusesWhatNeverWasAMark() {
    for (long token : new long[] {0, 1, -1, 7, 4096, Long.MIN_VALUE, Long.MAX_VALUE}) {
      assertStale(token);
    }
    subject().malloc(1);
    Subject.Mark mark = subject().mark();
    subject().malloc(1);
    long good = mark.token();
    for (long token : new long[] {good + 1, good - 1, -good, ~good, good ^ Long.MIN_VALUE, 0, -1}) {
      if (token != good) {
        assertStale(token);
      }
    }
    Random random = new Random(1);
    for (int i = 0; i < 100; i++) {
      long token = random.nextLong();
      if (token != good) {
        assertStale(token);
      }
    }
    subject().release(mark);
  }

  @AppliesTo(Trait.ARENA)
  void anOpenMarkIsNoLeak() {
    subject().mark();
    subject().free(subject().malloc(1));
    subject().mark();
    subject().close();
  }

  private List<Long> takeSome(int count) {
    long maxSize = Math.min(allocator().maxSize(), 5000);
    List<Long> addresses = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      addresses.add(subject().malloc(1 + (i * 731L) % maxSize));
    }
    return addresses;
  }

  private void assertAllStale(List<Long> addresses) {
    WrongFrees wrong = new WrongFrees(subject());
    for (long address : addresses) {
      if (!subject().isLive(address)) {
        wrong.refusedAsStale(address);
      }
    }
  }

  private void assertStale(long token) {
    Arena arena = arena();
    assertShaped(
        subject()
            .refuses(
                IllegalStateException.class, "release(" + token + ")", () -> arena.release(token)));
  }
}
