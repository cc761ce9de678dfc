package org.jallocator.arrow;

import org.jallocator.stack.AllocatorStack;

/** Uses the stack of the process for the first time while the process ends. */
final class ProgramThatOpensAtItsEnd {

  private ProgramThatOpensAtItsEnd() {}

  public static void main(String[] args) {
    Runtime.getRuntime().addShutdownHook(new Thread(ProgramThatOpensAtItsEnd::open));
  }

  private static void open() {
    try {
      AllocatorStack stack = AllocatorArrow.stack();
      stack.allocator().free(stack.allocator().malloc(64));
      System.out.println("OPEN " + (stack == AllocatorArrow.stack()));
    } catch (RuntimeException e) {
      System.out.println("THROWN " + e);
    }
    System.out.println("STACKS " + AllocatorStack.openStacks().size());
  }
}
