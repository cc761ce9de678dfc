package org.jallocator.diagnostics;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jallocator.Allocator;
import org.jallocator.Arena;
import org.jallocator.InvalidFreeException;
import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.Failures;
import org.jallocator.spi.NativeAccess;
import org.jallocator.spi.StackRoom;
import org.jspecify.annotations.Nullable;

/**
 * Finds writes before, behind and after the life of a block.
 *
 * <pre>{@code
 * guarded(fence=16, quarantine=1M, fill=true, jna)     canaries, checked at free, check and close
 * guarded(pages=true, report='guarded.txt', jna)       the access itself ends the process
 * }</pre>
 *
 * <p><b>Canaries.</b> Before and behind each block are {@code fence} bytes, other ones at each
 * address. Blocks are filled at malloc and at free. A freed block is held back until {@code
 * quarantine} bytes are, then the oldest goes to the inner. What was overwritten is found by the
 * free of the block ({@code OVERRUN}, {@code UNDERRUN}; the block is not freed, but its fences are
 * mended, so a second free succeeds), when it leaves the quarantine ({@code USE_AFTER_FREE}, thrown
 * by the free of another block, which is not freed either: free it again), by {@link #check} and by
 * {@link #close}.
 *
 * <p><b>Pages.</b> Each block has pages of its own from the system, not from the inner, of which
 * only the alignment and the sharing count. It ends, but for its alignment, where a page begins
 * that may not be touched, and a freed block may not be touched at all. The process dies at the
 * very access; the {@code report} then says whose block it was, see {@link GuardReport}.
 *
 * <p>It has every live block in its books, so it is owning over any inner. Over an {@link Arena} it
 * is an arena, whose {@code freeAll} and {@code release} check what they end. With {@code tracked}
 * above or below, findings have the sites of the malloc and of the free.
 *
 * <p>Price: with canaries some hundred nanoseconds and {@code 2 * fence} bytes a block, and the
 * quarantine; with pages some microseconds and at least two pages a block, of which Linux allows
 * some 32,000 at a time. A look-up of an address that starts no block is O(blocks).
 *
 * <p>Confined to its owner thread, or shared and may block, as its inner is. After the guard bytes
 * of Electric Fence, DUMA and libc's malloc debugging.
 */
@SuppressWarnings("exports") // clients do not see what the books say
public sealed class GuardedAllocator extends BookedAllocator<GuardedBlock>
    implements OwningAllocator permits ArenaGuardedAllocator {

  static final String NAME = "guarded";

  private final GuardedBuilder options;
  private final Guards guards;
  private final Quarantine quarantine;
  private final @Nullable GuardReport report;
  private final Findings findings;

  GuardedAllocator(Allocator inner, GuardedBuilder options) {
    super(NAME, inner);
    this.options = options;
    NativeAccess access = options.access();
    this.guards =
        options.pages
            ? new PageFences(inner, access, options.fill)
            : new Fences(inner, access, options.fill, options.fence);
    this.report = options.report == null ? null : GuardReport.open(options.report);
    this.quarantine = new Quarantine(books, guards, report, options.quarantine);
    this.findings =
        new Findings(
            books, guards, quarantine, findBelow(TrackedAllocator.class, inner).orElse(null));
  }

  /** Names a layer above that says where blocks come from. */
  final void setSites(SiteSource sites) {
    findings.setSitesAbove(sites);
  }

  /**
   * {@return a builder with defaults for everything}
   *
   * @param inner what blocks are taken from; stays open when this allocator closes
   */
  public static GuardedBuilder builder(Allocator inner) {
    return new GuardedBuilder(inner);
  }

  /**
   * {@return the nearest layer of a type among an allocator and the layers of this package below}
   */
  static <T> Optional<T> findBelow(Class<T> type, Allocator allocator) {
    Allocator layer = allocator;
    while (!type.isInstance(layer)) {
      if (!(layer instanceof DiagnosticAllocator diagnostic)) {
        return Optional.empty();
      }
      layer = diagnostic.inner;
    }
    return Optional.of(type.cast(layer));
  }

  @Override
  public final long maxSize() {
    return guards.maxSize();
  }

  /** {@return whether the inner is, and gives the memory: the system's pages are not} */
  @Override
  public final boolean isStackChecked() {
    return !options.pages && super.isStackChecked();
  }

  /** {@return the size: what lies behind it is guarded} */
  @Override
  public final long goodSize(long size) {
    if (size < 1 || size > maxSize()) {
      throw new IllegalArgumentException(
          NAME + ": size is out of range: size=" + size + ", limit=" + maxSize());
    }
    return size;
  }

  @Override
  final GuardedBlock prepare(long size) {
    return new GuardedBlock(size, guards.heldFor(size));
  }

  @Override
  final void take(GuardedBlock block, boolean byTry) {
    guards.take(block, byTry);
    if (block.raw != NULL) {
      guards.arm(block);
      if (report != null) {
        report.allocated(block);
      }
    }
  }

  @Override
  final void giveBack(long address, long bytes) {
    guards.release(address, bytes);
  }

  /** As long as it is held back, it stays reserved. */
  @Override
  final void leaving(GuardedBlock block) {
    books.leave(block);
  }

  /**
   * Checks the block and puts it into the quarantine, or gives it to the inner. After closing there
   * is nothing to check: {@link #closeAndRelease} has said what was overwritten.
   */
  @Override
  final void give(GuardedBlock block) {
    if (isClosed()) {
      giveToInner(block);
      return;
    }
    Finding overrun = guards.checkCanaries(block);
    if (overrun != null) {
      InvalidFreeException refusal = findings.refusal(overrun);
      guards.writeCanaries(block);
      throw refusal;
    }
    Finding written = quarantine.makeRoomFor(block);
    if (written != null) {
      throw findings.refusal(written);
    }
    if (report == null) {
      handOver(block);
      return;
    }
    report.freed(block); // first: from the next moment on an access may end the process
    boolean handedOver = false;
    try {
      handOver(block);
      handedOver = true;
    } finally {
      if (!handedOver) {
        report.stayed(block);
      }
    }
  }

  private void handOver(GuardedBlock block) {
    if (quarantine.takes(block)) {
      quarantine.add(block);
    } else {
      giveToInner(block);
    }
  }

  private void giveToInner(GuardedBlock block) {
    synchronized (books) {
      books.give(block);
    }
    guards.release(block.raw, block.held);
  }

  @Override
  final boolean tookNothing(Throwable thrown) {
    return guards.tookNothing(thrown);
  }

  @Override
  final void left(GuardedBlock block, @Nullable Object note) {
    if (!block.heldBack) {
      super.left(block, note);
    }
  }

  @Override
  final void forget(GuardedBlock block) {
    super.forget(block);
    if (report != null) {
      report.released(block);
    }
  }

  @Override
  final InvalidFreeException doubleFree(GuardedBlock block, @Nullable Object note) {
    return findings.doubleFree(block);
  }

  @Override
  final void freeUnknown(long address, long size, boolean sized) {
    throw AllocatorEvents.invalidFree(NAME, findings.unknown(address));
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. True iff the address
   * lies in a live block, in its fences, or in the quarantine. O(blocks).
   */
  @Override
  public final boolean owns(long address) {
    requireUsable();
    synchronized (books) {
      return address != NULL && books.holderOfRaw(address) != null;
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. The cost of free for
   * a block, else that of {@link #owns}.
   */
  @Override
  public final boolean tryFree(long address) {
    return tryFree(address, 0, false);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. As {@link
   * #tryFree(long)}.
   */
  @Override
  public final boolean tryFree(long address, long size) {
    return tryFree(address, size, true);
  }

  private boolean tryFree(long address, long size, boolean sized) {
    requireOwner();
    if (address == NULL) {
      return false;
    }
    if (release(address, size, sized)) {
      return true;
    }
    if (owns(address)) {
      throw AllocatorEvents.invalidFree(NAME, findings.unknown(address));
    }
    return false;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. O(live blocks), and
   * they are sorted: the oldest come first.
   */
  @Override
  public final long[] liveAddresses(int limit) {
    return addresses(limit);
  }

  /**
   * {@return what is overwritten now in live blocks and in the quarantine} Confined to its owner
   * thread, or shared and may block, as its inner is: mallocs and frees of other threads wait.
   * Takes time in proportion to the live blocks and the bytes of the quarantine.
   */
  public final List<Finding> findings() {
    requireUsable();
    return findings.since(0);
  }

  /**
   * Checks all guards now.
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. As {@link
   * #findings}.
   *
   * @throws IllegalStateException if something is overwritten; the message has all findings
   */
  public final void check() {
    Failures.rethrow(Findings.all(findings()));
  }

  /** Checks the blocks that an arena is about to end. A second call succeeds. */
  @Override
  final void endScope(long serial) {
    IllegalStateException found = Findings.all(findings.since(serial));
    if (found != null) {
      try {
        mend(serial);
      } catch (VirtualMachineError e) {
        Failures.join(found, e); // what is not mended is found again
      }
      throw found;
    }
  }

  private void mend(long serial) {
    synchronized (books) {
      books.since(serial).forEach(guards::writeCanaries);
    }
    quarantine.forget(serial);
  }

  @Override
  final void scopeEnded(long serial) {
    quarantine.drop(serial);
  }

  /**
   * Gives the quarantine to the inner, and what the inner can give back then.
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is.
   *
   * @return the bytes that went back to the inner, and what that gave back
   * @throws IllegalStateException if the quarantine was written to; the message has all findings
   */
  @Override
  public final long trim() {
    StackRoom.requireForInner();
    requireUsable();
    List<Finding> found = new ArrayList<>();
    long bytes = 0;
    Throwable thrown = null;
    try {
      bytes = quarantine.empty(found);
    } catch (RuntimeException | Error e) {
      thrown = e;
    }
    findings.addSites(found);
    Failures.rethrow(Failures.join(thrown, Findings.all(found)));
    return bytes + super.trim();
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. As {@link
   * #findings}.
   *
   * @throws LeakException if blocks are live; this allocator stays open, and what is overwritten is
   *     in an {@link IllegalStateException} that is suppressed in this one
   * @throws IllegalStateException if something was overwritten; the message has all findings, and
   *     this allocator is closed
   */
  @Override
  public final void close() {
    StackRoom.requireForInner();
    requireOwner();
    IllegalStateException found = Findings.all(findings.since(0));
    try {
      super.close();
    } catch (RuntimeException | Error e) {
      Failures.join(e, found);
      throw e;
    } finally {
      closeReport();
    }
    Failures.rethrow(found);
  }

  private void closeReport() {
    if (isClosed() && report != null) {
      report.close();
    }
  }

  /** Empties the quarantine. What is found was found before. */
  @Override
  final void drain() {
    quarantine.empty(new ArrayList<>());
  }

  /**
   * {@inheritDoc}
   *
   * <p>What was overwritten is in an {@link IllegalStateException}, suppressed in the {@link
   * LeakException} if there is one.
   */
  @Override
  public final void closeAndRelease() {
    StackRoom.requireForInner();
    requireOwner();
    IllegalStateException found = Findings.all(findings.since(0));
    try {
      super.closeAndRelease();
    } catch (RuntimeException | Error e) {
      Failures.join(e, found);
      throw e;
    } finally {
      closeReport();
    }
    Failures.rethrow(found);
  }

  /** {@return the name, the options, sizes in bytes, and the inner} */
  @Override
  public final String toString() {
    Path file = options.report;
    return NAME
        + "(fence="
        + options.fence
        + ", quarantine="
        + options.quarantine
        + ", fill="
        + options.fill
        + ", pages="
        + options.pages
        + (file == null ? "" : ", report='" + file + "'")
        + ", "
        + inner
        + ")";
  }
}
