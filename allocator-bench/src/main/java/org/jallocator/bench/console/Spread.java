package org.jallocator.bench.console;

import java.util.Arrays;

/**
 * A figure that was measured several times: the median, and between which values half of the
 * measurements lie.
 *
 * @param median the middle value
 * @param low a quarter of the values lies below
 * @param high a quarter of the values lies above
 */
public record Spread(double median, double low, double high) {

  /** {@return that of a figure that was measured once, or whose spread is not known} */
  public static Spread exact(double value) {
    return new Spread(value, value, value);
  }

  /** {@return that of a mean with an error to both sides, which may be no number} */
  public static Spread around(double mean, double error) {
    return Double.isFinite(error)
        ? new Spread(mean, Math.max(0, mean - error), mean + error)
        : exact(mean);
  }

  /** {@return that of some values, at least one} */
  public static Spread of(double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return new Spread(at(sorted, 0.5), at(sorted, 0.25), at(sorted, 0.75));
  }

  /** {@return that of some whole numbers, at least one} */
  public static Spread of(long[] values) {
    return of(Arrays.stream(values).asDoubleStream().toArray());
  }

  /** {@return the value below which a part of the sorted values lies, between two if need be} */
  private static double at(double[] sorted, double part) {
    double place = part * (sorted.length - 1);
    int below = (int) place;
    int above = Math.min(below + 1, sorted.length - 1);
    double rest = place - below;
    return sorted[below] * (1 - rest) + sorted[above] * rest;
  }

  /** {@return the same in units of which so many make one of these} */
  public Spread times(double factor) {
    return new Spread(median * factor, low * factor, high * factor);
  }

  /** {@return of a number of things a second, the time of one of them, or the other way round} */
  public Spread inverse(double dividend) {
    return new Spread(dividend / median, dividend / high, dividend / low);
  }
}
