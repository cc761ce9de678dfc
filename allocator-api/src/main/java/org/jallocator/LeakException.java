package org.jallocator;

import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * A close that found live blocks. Nothing was released and the allocator is open: free them and
 * close again.
 */
public final class LeakException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  /** How many addresses an allocator names at the most. */
  public static final int MAX_ADDRESSES = 8;

  /** The count of live blocks. */
  private final long liveBlocks;

  /** Their bytes. */
  private final long liveBytes;

  /** The first few. */
  private final long[] addresses;

  /**
   * Makes an exception whose message reads {@code layer: closed with live blocks: blocks=…,
   * bytes=…, first=[0x…]}.
   *
   * @param layer the name of the allocator that was to be closed
   * @param liveBlocks how many blocks are live
   * @param liveBytes their bytes, negative where unknown
   * @param addresses the addresses of the first few, {@value #MAX_ADDRESSES} at the most
   */
  public LeakException(String layer, long liveBlocks, long liveBytes, long... addresses) {
    super(
        layer
            + ": closed with live blocks: blocks="
            + liveBlocks
            + ", bytes="
            + (liveBytes < 0 ? "unknown" : liveBytes)
            + ", first="
            + LongStream.of(addresses)
                .mapToObj(address -> "0x" + Long.toHexString(address))
                .collect(Collectors.joining(", ", "[", "]")));
    this.liveBlocks = liveBlocks;
    this.liveBytes = liveBytes;
    this.addresses = addresses.clone();
  }

  /** {@return how many blocks are live} */
  public long liveBlocks() {
    return liveBlocks;
  }

  /**
   * {@return the bytes of the live blocks, each counted with the length that it occupies; negative
   * where unknown}
   */
  public long liveBytes() {
    return liveBytes;
  }

  /** {@return the addresses of the first few live blocks, {@link #MAX_ADDRESSES} at the most} */
  public long[] addresses() {
    return addresses.clone();
  }
}
