package org.jallocator.torture;

import java.util.List;

/**
 * Overflows the Java stack in calls of stacks of layers. The arguments are how many times, and the
 * stacks.
 */
final class ProgramOnShallowStack {

  private ProgramOnShallowStack() {}

  public static void main(String[] args) {
    int rounds = Math.max(12, Integer.parseInt(args[0]));
    for (String stack : List.of(args).subList(1, args.length)) {
      try {
        System.out.println(ChildJvm.TRIED + DepthRow.overflow(stack, rounds));
      } catch (AssertionError e) {
        System.out.println(ChildJvm.WRONG + e.getMessage());
        System.exit(1);
      }
    }
  }
}
