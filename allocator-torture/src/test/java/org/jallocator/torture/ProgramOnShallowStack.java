package org.jallocator.torture;

/**
 * Overflows the Java stack in calls of a stack of layers. The arguments are how many times, and the
 * stack.
 */
final class ProgramOnShallowStack {

  /** The rounds of one thread, which must end in time: a walk of the stack is slow, interpreted. */
  private static final int ROUNDS = 36;

  private static final int LEAST_ROUNDS = 12;

  private ProgramOnShallowStack() {}

  public static void main(String[] args) {
    try {
      System.out.println(ChildJvm.TRIED + overflow(args[1], Integer.parseInt(args[0])));
    } catch (AssertionError e) {
      System.out.println(ChildJvm.WRONG + args[1] + ": " + e.getMessage());
      System.exit(1);
    }
  }

  private static long overflow(String stack, int rounds) {
    long overflows = 0;
    for (int left = rounds; left > 0 || overflows == 0; left -= ROUNDS) {
      overflows += DepthRow.overflow(stack, Math.max(LEAST_ROUNDS, Math.min(ROUNDS, left)));
    }
    return overflows;
  }
}
