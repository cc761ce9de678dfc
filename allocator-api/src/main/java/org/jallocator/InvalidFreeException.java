package org.jallocator;

/** A free of an address that is no live block of the caller. The allocator's state is unchanged. */
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
    SIZE_MISMATCH("size is not the block's"),
    /** Bytes behind the block were overwritten. Only a layer that guards its blocks finds it. */
    OVERRUN("bytes behind the block were overwritten"),
    /** Bytes before the block were overwritten. Only a layer that guards its blocks finds it. */
    UNDERRUN("bytes before the block were overwritten"),
    /** A free block was written to. Only a layer that guards its blocks finds it. */
    USE_AFTER_FREE("block was written to after its free");

    private final String rule;

    Reason(String rule) {
      this.rule = rule;
    }

    /** {@return the rule that was broken, as messages say it} */
    public String rule() {
      return rule;
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
    this(reason, layer, address, "");
  }

  /**
   * Makes an exception whose message reads {@code layer: rule: address=0x…} and goes on with
   * details, such as where the block was allocated.
   *
   * @param reason what is wrong
   * @param layer the name of the allocator that refused
   * @param address the address that was to be freed
   * @param details what follows the address, with its separator; may be empty
   */
  public InvalidFreeException(Reason reason, String layer, long address, String details) {
    super(layer + ": " + reason.rule + ": address=0x" + Long.toHexString(address) + details);
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
