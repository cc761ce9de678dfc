package org.jallocator.diagnostics;

import org.jallocator.InvalidFreeException.Reason;

/**
 * Bytes that were overwritten, as a {@link GuardedAllocator} found them.
 *
 * @param reason {@code OVERRUN}, {@code UNDERRUN} or {@code USE_AFTER_FREE}
 * @param address the block's address
 * @param size the bytes that it was asked for with
 * @param offset the first byte that was overwritten, from the block's address on: negative before
 *     the block
 * @param bytes how many bytes differ
 * @param sites where the block was allocated and freed, lines that begin with a line break; empty
 *     if that is not known
 */
public record Finding(
    Reason reason, long address, long size, long offset, long bytes, String sites) {

  /** {@return what follows the address in a message} */
  String details() {
    return ", size=" + size + ", offset=" + offset + ", bytes=" + bytes + sites;
  }

  /** {@return {@code rule: address=0x…, size=…, offset=…, bytes=…}, and the sites} */
  @Override
  public String toString() {
    return reason.rule() + ": address=0x" + Long.toHexString(address) + details();
  }
}
