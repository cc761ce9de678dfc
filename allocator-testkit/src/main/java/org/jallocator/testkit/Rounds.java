package org.jallocator.testkit;

/**
 * How often the rules repeat what may go wrong once in many times; a system property asks for more.
 */
final class Rounds {

  private static final String CLOSINGS = "jallocator.testkit.closings";
  private static final int DEFAULT_CLOSINGS = 40;

  private static final String OVERFLOWS = "jallocator.testkit.overflows";
  private static final int DEFAULT_OVERFLOWS = 120;

  private static final String FAULTS = "jallocator.testkit.faults";
  private static final int DEFAULT_FAULTS = 8;

  private static final String STARVATIONS = "jallocator.testkit.starvations";
  private static final int DEFAULT_STARVATIONS = Integer.MAX_VALUE;

  private Rounds() {}

  /** {@return how many allocators are closed beside mallocs and frees} */
  static int closings() {
    return Integer.getInteger(CLOSINGS, DEFAULT_CLOSINGS);
  }

  /** {@return how many times the stack overflows} */
  static int overflows() {
    return Integer.getInteger(OVERFLOWS, DEFAULT_OVERFLOWS);
  }

  /** {@return at how many of the inner's frees a program is made to fail, spread evenly} */
  static int faults() {
    return Integer.getInteger(FAULTS, DEFAULT_FAULTS);
  }

  /** {@return at how many of the inner's mallocs a program is made to fail, spread evenly} */
  static int starvations() {
    return Integer.getInteger(STARVATIONS, DEFAULT_STARVATIONS);
  }
}
