package org.jallocator.diagnostics;

/** Says where a block comes from. */
@FunctionalInterface
interface SiteSource {

  /** Says nothing. */
  SiteSource NONE = address -> "";

  /**
   * {@return where the block at an address was allocated and freed, lines that begin with a line
   * break; empty if nothing is known}
   */
  String describe(long address);
}
