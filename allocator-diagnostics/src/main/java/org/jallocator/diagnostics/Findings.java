package org.jallocator.diagnostics;

import java.util.ArrayList;
import java.util.List;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.spi.AllocatorEvents;
import org.jspecify.annotations.Nullable;

/**
 * Collects what a {@link GuardedAllocator} finds, and makes the exceptions that say it, with the
 * sites of the malloc and of the free if a {@code tracked} layer above or below has them.
 *
 * <p>Shared, may block. The monitor of the quarantine is entered before that of the books.
 */
final class Findings {

  private static final String NAME = GuardedAllocator.NAME;

  private final Books<GuardedBlock> books;
  private final Guards guards;
  private final Quarantine quarantine;
  private final @Nullable TrackedAllocator trackedBelow;
  private volatile SiteSource sitesAbove = SiteSource.NONE;

  Findings(
      Books<GuardedBlock> books,
      Guards guards,
      Quarantine quarantine,
      @Nullable TrackedAllocator trackedBelow) {
    this.books = books;
    this.guards = guards;
    this.quarantine = quarantine;
    this.trackedBelow = trackedBelow;
  }

  /** Names a layer above that says where blocks come from. */
  void setSitesAbove(SiteSource sites) {
    this.sitesAbove = sites;
  }

  /**
   * {@return what is overwritten now in blocks that were entered after a serial, also in the
   * quarantine} O(blocks).
   */
  List<Finding> since(long serial) {
    List<Finding> findings = new ArrayList<>();
    synchronized (quarantine) {
      quarantine.check(serial, findings);
      synchronized (books) {
        for (GuardedBlock block : books.since(serial)) {
          Finding finding = guards.checkCanaries(block);
          if (finding != null) {
            findings.add(finding);
          }
        }
      }
    }
    addSites(findings);
    return findings;
  }

  /** Adds the sites to findings of the guards or of the quarantine. */
  void addSites(List<Finding> findings) {
    findings.replaceAll(this::withSites);
  }

  private Finding withSites(Finding finding) {
    return new Finding(
        finding.reason(),
        finding.address(),
        finding.size(),
        finding.offset(),
        finding.bytes(),
        sitesOf(finding.address(), guards.rawOf(finding.address())));
  }

  private String sitesOf(long block, long raw) {
    String sites = sitesAbove.describe(block);
    return sites.isEmpty() && trackedBelow != null ? trackedBelow.describe(raw) : sites;
  }

  /** {@return what a free throws that found this} */
  InvalidFreeException refusal(Finding found) {
    Finding finding = withSites(found);
    return AllocatorEvents.invalidFree(
        NAME,
        new InvalidFreeException(finding.reason(), NAME, finding.address(), finding.details()));
  }

  /** {@return what the free of a block throws that is freed already} */
  InvalidFreeException doubleFree(GuardedBlock block) {
    return invalid(Reason.DOUBLE_FREE, block.address, block);
  }

  /** {@return what the free of an address throws at which no block starts} */
  InvalidFreeException unknown(long address) {
    GuardedBlock holder;
    synchronized (books) {
      holder = books.holderOfRaw(address);
    }
    if (holder == null) {
      return new InvalidFreeException(Reason.FOREIGN, NAME, address);
    }
    // A block that starts there was entered a moment ago by another thread.
    Reason reason = holder.address == address ? Reason.DOUBLE_FREE : Reason.NOT_A_BLOCK;
    return invalid(reason, address, holder);
  }

  private InvalidFreeException invalid(Reason reason, long address, GuardedBlock block) {
    return new InvalidFreeException(reason, NAME, address, sitesOf(block.address, block.raw));
  }

  /** {@return an exception whose message has all findings, or null iff there are none} */
  static @Nullable IllegalStateException all(List<Finding> findings) {
    if (findings.isEmpty()) {
      return null;
    }
    StringBuilder text = new StringBuilder(NAME);
    text.append(": memory was overwritten: findings=").append(findings.size());
    for (Finding finding : findings) {
      text.append('\n').append(finding);
    }
    return new IllegalStateException(text.toString());
  }
}
