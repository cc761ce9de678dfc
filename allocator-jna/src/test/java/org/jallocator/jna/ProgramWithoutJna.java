package org.jallocator.jna;

import org.jallocator.stack.AllocatorStack;

/** Names no class of JNA's. */
final class ProgramWithoutJna {

  private ProgramWithoutJna() {}

  private static void attempt(Runnable step) {
    for (int i = 0; i < 2; i++) {
      try {
        step.run();
        System.out.println("DONE");
      } catch (RuntimeException | LinkageError e) {
        System.out.println("REFUSED " + String.valueOf(e).replace('\n', '|'));
      }
    }
  }

  public static void main(String[] args) {
    attempt(() -> AllocatorStack.open("jna"));
    attempt(() -> AllocatorStack.open("library(name=jemalloc)"));
    attempt(DefaultAllocator::new);
  }
}
