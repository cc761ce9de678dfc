package org.jallocator.bench.mixed;

import org.jallocator.bench.console.Spread;

/**
 * What one workload on one of several stacks came to.
 *
 * @param workload what was done to each stack
 * @param stack the stack's canonical expression
 * @param alone the nanoseconds of one malloc and one free in a JVM that has no other stack
 * @param inTurn the same beside the others, each called from a place of its own in the program
 * @param onePlace the same beside the others, all called from one place
 */
record MixedResult(
    MixedWorkload workload, String stack, Spread alone, Spread inTurn, Spread onePlace) {

  double inTurnRatio() {
    return inTurn.median() / alone.median();
  }

  double onePlaceRatio() {
    return onePlace.median() / alone.median();
  }
}
