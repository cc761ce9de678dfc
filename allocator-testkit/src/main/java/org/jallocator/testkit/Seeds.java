package org.jallocator.testkit;

import java.util.stream.LongStream;

/**
 * The seeds of the random programs: a fixed few, so that a build is the same every time, unless a
 * system property asks for more of them or for a certain one.
 */
final class Seeds {

  /** Names the one seed to run, as a failure's message gives it. */
  private static final String ONE = "jallocator.testkit.seed";

  /** Names how many seeds to run. */
  private static final String COUNT = "jallocator.testkit.seeds";

  private static final long DEFAULT_COUNT = 3;

  private Seeds() {}

  /** {@return the seeds to run} */
  static LongStream all() {
    Long one = Long.getLong(ONE);
    return one != null
        ? LongStream.of(one)
        : LongStream.rangeClosed(1, Long.getLong(COUNT, DEFAULT_COUNT));
  }

  /** {@return what a message says of a seed, ready to be given to a JVM} */
  static String label(long seed) {
    return "-D" + ONE + "=" + seed;
  }
}
