package org.jallocator.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jallocator.AllocatorStats;
import org.jallocator.LeakException;
import org.junit.jupiter.api.Test;

/** The rules of the contract about trim, closeAndRelease, and what outlives its owner thread. */
abstract class ReleaseRules extends LifeRules {

  private static final int BLOCKS = 90;

  @Test
  void trimGivesBackWhatItSaysAndNoLiveBlock() {
    List<Long> taken = takeSome();
    subject().trim();
    for (int i = 0; i < BLOCKS; i++) {
      if (i < BLOCKS / 2 || i % 7 != 0) {
        subject().free(taken.get(i));
      }
    }
    subject().trim();
    assertEquals(0, subject().trim(), "bytes of a second trim");
    takeSome();
    subject().freeEverything();
    subject().trim();
    takeSome();
  }

  @AppliesTo(Trait.EXACT)
  void trimGivesEverythingBackIfNothingIsLive() {
    takeSome();
    subject().freeEverything();
    long reserved = allocator().stats().reservedBytes();
    assertEquals(reserved, subject().trim(), "bytes of trim");
    assertEquals(0, ledger().liveBytes(), "bytes held from the inner");
    takeSome();
  }

  @Test
  void closeAndReleaseClosesWhatHasNothingLive() {
    takeSome();
    subject().freeEverything();
    subject().closeAndRelease();
    assertClosed();
  }

  @Test
  void closeAndReleaseGivesBackLiveBlocksToo() {
    List<Long> taken = takeSome();
    for (int i = 0; i < BLOCKS; i += 3) {
      subject().free(taken.get(i));
    }
    subject().closeAndRelease();
    assertClosed();
  }

  @AppliesTo(Trait.TRACKED)
  void closeAndReleaseFollowsACloseThatFoundLeaks() {
    takeSome();
    assertThrows(LeakException.class, () -> allocator().close());
    subject().closeAndRelease();
    assertClosed();
  }

  @AppliesTo(Trait.CONFINED)
  void anyThreadClosesWhatIsConfinedToAThreadThatHasEnded() {
    openByThreadThatEnds(Subject::freeEverything).close();
  }

  @AppliesTo(Trait.CONFINED)
  void anyThreadReleasesWhatIsConfinedToAThreadThatHasEnded() {
    openByThreadThatEnds(orphan -> {}).closeAndRelease();
  }

  @AppliesTo({Trait.CONFINED, Trait.TRACKED})
  void aLeakIsFoundAlsoWhenTheOwnerHasEnded() {
    Subject orphan = openByThreadThatEnds(subject -> {});
    orphan.refuses(LeakException.class, "close", () -> orphan.allocator().close());
    orphan.closeAndRelease();
  }

  private Subject openByThreadThatEnds(Consumer<Subject> end) {
    List<Subject> opened = new ArrayList<>();
    assertNull(
        thrownByAnotherThread(
            "owner-that-ends",
            () -> {
              Subject orphan = open(AddressRange.CROSSING, "");
              takeSome(orphan);
              end.accept(orphan);
              opened.add(orphan);
            }));
    return opened.get(0);
  }

  private List<Long> takeSome() {
    return takeSome(subject());
  }

  private static List<Long> takeSome(Subject subject) {
    List<Long> taken = new ArrayList<>();
    long maxSize = Math.min(subject.allocator().maxSize(), 2000);
    for (int i = 0; i < BLOCKS; i++) {
      taken.add(subject.malloc(1 + (i * 37L) % Math.min(maxSize, i % 9 == 0 ? 2000 : 100)));
    }
    return taken;
  }

  private void assertClosed() {
    allocator().close();
    allocator().closeAndRelease();
    assertThrows(IllegalStateException.class, () -> allocator().malloc(1));
    AllocatorStats stats = allocator().stats();
    assertTrue(
        stats.liveBlocks() == 0 && stats.liveBytes() == 0 && stats.reservedBytes() == 0,
        () -> "closed: " + stats);
  }
}
