package org.jallocator.fixedblock;

/**
 * Two cache lines of nothing in front of the fields of a subclass, as {@link Padded} has them
 * behind: an object that threads only read may come before one that a thread writes all the time,
 * and would be fetched again with each read. The int takes the place beside the object's header,
 * where a field of the subclass would come else.
 */
@SuppressWarnings("UnusedVariable") // they are there, that is all
abstract class FrontPadding {

  // spotless:off
  private int q;
  private long q0, q1, q2, q3, q4, q5, q6, q7, q8, q9, q10, q11, q12, q13, q14, q15;
  // spotless:on
}
