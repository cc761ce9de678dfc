package org.jallocator.fixedblock;

import org.jallocator.OwningAllocator;
import org.jallocator.fixedblock.CallGate.Caller;
import org.jallocator.spi.StackChecked;
import org.jallocator.spi.StackRoom;

/**
 * A {@link FallbackAllocator} of two parts that are both owning, and which so is owning. It can be
 * the primary of another.
 */
public abstract class OwningFallbackAllocator extends FallbackAllocator implements OwningAllocator {

  private final OwningAllocator owningOther;

  OwningFallbackAllocator(OwningAllocator primary, OwningAllocator other) {
    super(primary, other);
    this.owningOther = other;
  }

  /**
   * {@inheritDoc}
   *
   * <p>The cost is that of asking both.
   */
  @Override
  public final boolean owns(long address) {
    StackRoom.require();
    Caller caller = calls.enter();
    try {
      return primary.owns(address) || owningOther.owns(address);
    } finally {
      calls.leave(caller, 0);
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>The cost is that of asking both.
   */
  @Override
  public final boolean tryFree(long address) {
    return freeHot(address) || tryFree(address, false, 0);
  }

  /**
   * {@inheritDoc}
   *
   * <p>The cost is that of asking both.
   */
  @Override
  public final boolean tryFree(long address, long size) {
    return freeHot(address, size)
        || (isInPageOfPrimary(address, size) ? tryFree(address) : tryFree(address, true, size));
  }

  private boolean tryFree(long address, boolean sized, long size) {
    StackRoom.require();
    Caller caller = calls.enter();
    int freed = 0;
    try {
      if (sized ? primary.tryFree(address, size) : primary.tryFree(address)) {
        return true;
      }
      freed = -1;
      if (sized ? owningOther.tryFree(address, size) : owningOther.tryFree(address)) {
        return true;
      }
      freed = 0;
      return false;
    } catch (RuntimeException | Error e) {
      freed = StackChecked.tookNothing(owningOther, e) ? 0 : freed;
      throw e;
    } finally {
      calls.leave(caller, freed);
    }
  }

  @Override
  public final long[] liveAddresses(int limit) {
    return figures.liveAddresses(limit);
  }
}
