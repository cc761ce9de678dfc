package org.jallocator;

/**
 * A close that found live blocks. If {@link Allocator#close} throws it, nothing was released and
 * the allocator is open: free the blocks and close again. If {@link Allocator#closeAndRelease}
 * throws it, the allocator is closed.
 */
public final class LeakException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  /** How many addresses an allocator names at the most. */
  public static final int MAX_ADDRESSES = 8;

  /** The count of live blocks. */
  private final long liveBlocks;

  /** Their bytes. */
  private final long liveBytes;

  /** How many of them are of unknown length. */
  private final long unsizedBlocks;

  /** The first few. */
  private final long[] addresses;

  /** Where they were allocated; empty if that is not known. */
  private final String sites;

  /**
   * Makes an exception whose message reads {@code layer: closed with live blocks: blocks=…,
   * bytes=…, first=[0x…]}.
   *
   * @param layer the name of the allocator that was to be closed
   * @param liveBlocks how many blocks are live
   * @param liveBytes their bytes
   * @param addresses the addresses of the first few, {@value #MAX_ADDRESSES} at the most
   */
  public LeakException(String layer, long liveBlocks, long liveBytes, long... addresses) {
    this(layer, new AllocatorStats(liveBlocks, liveBytes, 0, 0, 0, 0), addresses);
  }

  /**
   * Makes an exception whose message reads {@code layer: closed with live blocks: blocks=…,
   * bytes=…, unsized=…, first=[0x…]}, where {@code unsized} is left out if it is 0.
   *
   * @param layer the name of the allocator that was to be closed
   * @param live what is live
   * @param addresses the addresses of the first few, {@value #MAX_ADDRESSES} at the most
   */
  public LeakException(String layer, AllocatorStats live, long... addresses) {
    this(layer, live, "", addresses);
  }

  /**
   * Makes an exception whose message goes on, on lines of their own, with where the live blocks
   * were allocated.
   *
   * @param layer the name of the allocator that was to be closed
   * @param live what is live
   * @param sites where the live blocks were allocated, lines of text; empty if that is not known
   * @param addresses the addresses of the first few, {@value #MAX_ADDRESSES} at the most
   */
  public LeakException(String layer, AllocatorStats live, String sites, long... addresses) {
    super(message(layer, live, sites, addresses));
    this.sites = sites;
    this.liveBlocks = live.liveBlocks();
    this.liveBytes = live.liveBytes();
    this.unsizedBlocks = live.unsizedBlocks();
    this.addresses = addresses.clone();
  }

  // No stream: this is made at the end of a stack, where its first use would break it for good.
  private static String message(String layer, AllocatorStats live, String sites, long[] addresses) {
    StringBuilder message = new StringBuilder(layer);
    message.append(": closed with live blocks: blocks=").append(live.liveBlocks());
    message.append(", bytes=").append(live.liveBytes());
    if (live.unsizedBlocks() != 0) {
      message.append(", unsized=").append(live.unsizedBlocks());
    }
    message.append(", first=[");
    for (int i = 0; i < addresses.length; i++) {
      message.append(i == 0 ? "0x" : ", 0x").append(Long.toHexString(addresses[i]));
    }
    message.append(']');
    if (!sites.isEmpty()) {
      message.append('\n').append(sites);
    }
    return message.toString();
  }

  /** {@return how many blocks are live} */
  public long liveBlocks() {
    return liveBlocks;
  }

  /**
   * {@return the bytes of the live blocks, each counted with the length that it occupies; without
   * the {@link #unsizedBlocks}}
   */
  public long liveBytes() {
    return liveBytes;
  }

  /** {@return how many of the live blocks are of unknown length} */
  public long unsizedBlocks() {
    return unsizedBlocks;
  }

  /** {@return the addresses of the first few live blocks, {@link #MAX_ADDRESSES} at the most} */
  public long[] addresses() {
    return addresses.clone();
  }

  /** {@return where the live blocks were allocated, lines of text; empty if that is not known} */
  public String sites() {
    return sites;
  }
}
