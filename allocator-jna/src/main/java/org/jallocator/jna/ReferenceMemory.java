package org.jallocator.jna;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.ByReference;
import java.nio.ByteBuffer;

/** What a pooled by-reference points at while a scope has it on loan. */
final class ReferenceMemory extends ScopeMemory {

  final ByReference reference;
  private boolean lent;
  private boolean viewed;

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

  /** {@return whether there are views of this: they would come to life with the next loan} */
  boolean isViewed() {
    return viewed;
  }

  /** Opens this at an address. */
  void open(long address) {
    peer = address;
    lent = true;
  }

  /** Ends the loan, wherever the by-reference points by now. */
  @Override
  void end() {
    super.end();
    reference.setPointer(ReferenceOfClosedScope.INSTANCE);
    lent = false;
  }

  @Override
  public Pointer share(long offset, long length) {
    viewed = true;
    return super.share(offset, length);
  }

  @Override
  public Memory align(int byteBoundary) {
    viewed = true;
    return super.align(byteBoundary);
  }

  @Override
  public ByteBuffer getByteBuffer(long offset, long length) {
    viewed = true;
    return super.getByteBuffer(offset, length);
  }
}
