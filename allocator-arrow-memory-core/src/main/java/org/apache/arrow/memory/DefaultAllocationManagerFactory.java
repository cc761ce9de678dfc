package org.apache.arrow.memory;

import org.jallocator.arrow.AllocatorArrow;

/**
 * What Arrow looks for on its class path before anything else: its default memory then comes from
 * {@link AllocatorArrow#stack()}. Arrow reads {@link #FACTORY} by reflection.
 *
 * <p>Arrow recognises this class by the name of its jar, which must have {@code memory-core} in it.
 */
public final class DefaultAllocationManagerFactory {

  /** Arrow's default of this process. */
  public static final AllocationManager.Factory FACTORY = AllocatorArrow.defaultFactory();

  private DefaultAllocationManagerFactory() {}
}
