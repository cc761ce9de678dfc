package org.jallocator.arrow;

import java.io.OutputStream;
import java.io.PrintStream;
import org.jallocator.stack.AllocatorStack;

/**
 * Uses the stack of the process for the first time while the process ends. With an argument, what
 * it prints to System.err at that time is an error at first.
 */
final class ProgramThatOpensAtItsEnd {

  private ProgramThatOpensAtItsEnd() {}

  public static void main(String[] args) {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> open(args.length > 0)));
  }

  private static void open(boolean failing) {
    if (failing) {
      failOnce();
      open();
    }
    open();
  }

  private static void failOnce() {
    PrintStream err = System.err;
    System.setErr(
        new PrintStream(OutputStream.nullOutputStream()) {
          @Override
          public void println(String text) {
            System.setErr(err);
            throw new OutOfMemoryError("planned");
          }
        });
  }

  private static void open() {
    try {
      AllocatorStack stack = AllocatorArrow.stack();
      stack.allocator().free(stack.allocator().malloc(64));
      System.out.println("OPEN " + (stack == AllocatorArrow.stack()));
    } catch (RuntimeException | Error e) {
      System.out.println("THROWN " + e);
    }
    System.out.println("STACKS " + AllocatorStack.openStacks().size());
  }
}
