package org.jallocator;

/** A free of what is not a block in the caller's hands. The allocator's state is unchanged. */
public final class InvalidFreeException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  /** What is wrong with the address. */
  public enum Reason {
    /** The block is free already. */
    DOUBLE_FREE("block is already free"),
    /** The address is in the allocator's memory but starts no block: interior, slack, or tail. */
    NOT_A_BLOCK("address is no block's start"),
    /** The address is not in the allocator's memory. */
    FOREIGN("address is not this allocator's"),
    /** The block cannot have been asked for with that size. */
    SIZE_MISMATCH("size is not the block's");

    private final String rule;

    Reason(String rule) {
      this.rule = rule;
    }
  }

  /** The reason. */
  private final Reason reason;

  /** The address. */
  private final long address;

  /**
   * Makes an exception whose message reads {@code layer: rule: address=0x…}.
   *
   * @param reason what is wrong
   * @param layer the name of the allocator that refused
   * @param address the address that was to be freed
   */
  public InvalidFreeException(Reason reason, String layer, long address) {
    super(layer + ": " + reason.rule + ": address=0x" + Long.toHexString(address));
    this.reason = reason;
    this.address = address;
  }

  /**
   * Makes an exception of reason {@link Reason#SIZE_MISMATCH}, whose message reads {@code layer:
   * rule: address=0x…, size=…, limit=…}.
   *
   * @param layer the name of the allocator that refused
   * @param address the address that was to be freed
   * @param size the size that came with it, in bytes
   * @param limit the largest size that the block can have had, in bytes
   */
  public InvalidFreeException(String layer, long address, long size, long limit) {
    super(
        layer
            + ": "
            + Reason.SIZE_MISMATCH.rule
            + ": address=0x"
            + Long.toHexString(address)
            + ", size="
            + size
            + ", limit="
            + limit);
    this.reason = Reason.SIZE_MISMATCH;
    this.address = address;
  }

  /** {@return what is wrong with the address} */
  public Reason reason() {
    return reason;
  }

  /** {@return the address that was to be freed} */
  public long address() {
    return address;
  }
}
