package org.jallocator.diagnostics;

import java.util.List;
import java.util.Locale;

/**
 * What a {@link StatsAllocator} has counted, since it was made or since a {@link
 * StatsAllocator#push}. Bytes are as asked for. Immutable.
 *
 * @param mallocs blocks handed out
 * @param frees blocks taken back
 * @param failures mallocs that found no memory, and tryMallocs of more than the largest size
 * @param liveBlocks blocks in the hands of the user, less those at the push: negative if older
 *     blocks were freed since
 * @param liveBytes their bytes
 * @param peakBlocks the most that {@code liveBlocks} has been
 * @param peakBytes the most that {@code liveBytes} has been
 * @param totalBytes the bytes of all mallocs
 * @param histogram how many mallocs asked for 1 byte, for 2, for 3 to 4, for 5 to 8, and so on by
 *     powers of two
 */
public record StatsCounters(
    long mallocs,
    long frees,
    long failures,
    long liveBlocks,
    long liveBytes,
    long peakBlocks,
    long peakBytes,
    long totalBytes,
    List<Long> histogram) {

  private static final int BAR = 40;

  /** {@return a table of all figures, with the histogram drawn} */
  public String report() {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "mallocs %,d (%,d bytes), frees %,d, failures %,d%n"
                + "live    %,d blocks, %,d bytes%n"
                + "peak    %,d blocks, %,d bytes%n",
            mallocs,
            totalBytes,
            frees,
            failures,
            liveBlocks,
            liveBytes,
            peakBlocks,
            peakBytes));
    long most = histogram.stream().mapToLong(Long::longValue).max().orElse(0);
    for (int i = 0; i < histogram.size(); i++) {
      long count = histogram.get(i);
      if (count > 0) {
        text.append(
            String.format(
                Locale.ROOT,
                "<= %,15d bytes %,12d %s%n",
                i < 63 ? 1L << i : Long.MAX_VALUE,
                count,
                "#".repeat((int) Math.max(1, count * BAR / most))));
      }
    }
    return text.toString();
  }
}
