package org.jallocator.torture;

/** Overflows the Java stack in calls of each stack of layers. The argument is how many times. */
final class ProgramOnShallowStack {

  private ProgramOnShallowStack() {}

  public static void main(String[] args) {
    int rounds = Math.max(12, Integer.parseInt(args[0]));
    for (String stack : Stacks.all()) {
      try {
        System.out.println(ChildJvm.TRIED + DepthRow.overflow(stack, rounds));
      } catch (AssertionError e) {
        System.out.println(ChildJvm.WRONG + e.getMessage());
        System.exit(1);
      }
    }
  }
}
