package org.jallocator.jna;

import com.sun.jna.Pointer;

/**
 * A view of a part of a {@link CheckedMemory}, which ends with it.
 *
 * <p>As in JNA, ranges are checked against the whole memory and not against the view: a structure
 * grows into the memory behind its own view when it is asked for an array. Closing a view ends the
 * view and frees nothing.
 *
 * <p>A view made of a view is one of the same whole, so that a check is one step however deep views
 * nest. Its own peer stays when the whole is closed: a view checks the whole at each access.
 */
final class MemoryView extends CheckedMemory {

  private final CheckedMemory whole;
  private final long start;

  /**
   * Makes a view.
   *
   * @param whole what is viewed, itself no view
   * @param start where the view starts in it, in bytes
   * @param size the view's bytes
   */
  MemoryView(CheckedMemory whole, long start, long size) {
    super(Pointer.nativeValue(whole) + start, size);
    this.whole = whole;
    this.start = start;
  }

  @Override
  protected void boundsCheck(long offset, long length) {
    if (peer == CLOSED) {
      throw closed();
    }
    whole.boundsCheck(start + offset, length);
  }

  @Override
  public Pointer share(long offset, long length) {
    boundsCheck(offset, length);
    return new MemoryView(whole, start + offset, length);
  }

  @Override
  public boolean valid() {
    return super.valid() && whole.valid();
  }

  @Override
  public void close() {
    peer = CLOSED;
  }

  @Override
  public String toString() {
    return valid() ? super.toString() + " (shared from " + whole + ")" : super.toString();
  }
}
