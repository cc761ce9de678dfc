package org.jallocator.torture;

/**
 * How much is tried.
 *
 * @param factor 1 is the full run
 */
record Scale(double factor) {

  /** The least scale, as a share of a second is: that of the controls. */
  static final Scale SMALL = new Scale(0.002);

  /** {@return the scale that the system property torture.scale asks for} */
  static Scale configured() {
    double factor = Double.parseDouble(System.getProperty("torture.scale", "0.002"));
    if (!(factor > 0)) {
      throw new IllegalArgumentException("scale is not positive: torture.scale=" + factor);
    }
    return new Scale(factor);
  }

  /** {@return how many of what the full run does so many times; at least {@code least}} */
  long of(long full, long least) {
    return Math.max(least, Math.round(full * factor));
  }

  /** {@return whether this is more than the ordinary tests do} */
  boolean isLarge() {
    return factor > SMALL.factor;
  }
}
