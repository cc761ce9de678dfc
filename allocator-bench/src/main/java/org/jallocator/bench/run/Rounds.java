package org.jallocator.bench.run;

import java.util.function.IntConsumer;

/**
 * How all that is compared takes turns: what disturbs the machine for a while disturbs all alike.
 */
public final class Rounds {

  private Rounds() {}

  /** Times one round of one of those that are compared. */
  public interface Timed {

    /**
     * {@return the time of a round, in nanoseconds}
     *
     * @param member which of those that are compared
     * @param round the number of the round, from 0 on
     */
    long nanos(int member, int round);
  }

  /**
   * {@return the times, by member and round}
   *
   * @param members how many are compared
   * @param rounds how many rounds each has
   * @param at told the number of each round before it, from 1 on
   * @param timed times a round
   */
  public static long[][] takeTurns(int members, int rounds, IntConsumer at, Timed timed) {
    long[][] nanos = new long[members][rounds];
    for (int round = 0; round < rounds; round++) {
      at.accept(round + 1);
      for (int member = 0; member < members; member++) {
        nanos[member][round] = timed.nanos(member, round);
      }
    }
    return nanos;
  }
}
