package org.jallocator.jna;

import com.sun.jna.ptr.ByReference;

/** What a pooled by-reference points at while a scope has it on loan. */
final class ReferenceMemory extends ScopeMemory {

  final ByReference reference;
  private boolean lent;

  /**
   * Makes memory without an address, and so closed.
   *
   * @param reference what points here while it is lent
   * @param size the bytes that it points at
   */
  ReferenceMemory(ByReference reference, long size) {
    super(CLOSED, size);
    this.reference = reference;
  }

  boolean isLent() {
    return lent;
  }

  /** Opens this at an address, with the by-reference on it. */
  void lend(long address) {
    peer = address;
    lent = true;
    reference.setPointer(this);
  }

  /** Ends the loan, wherever the by-reference points by now. */
  @Override
  void end() {
    super.end();
    lent = false;
    reference.setPointer(ReferenceOfClosedScope.INSTANCE);
  }
}
