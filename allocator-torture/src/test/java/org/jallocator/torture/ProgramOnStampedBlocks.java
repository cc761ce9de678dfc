package org.jallocator.torture;

import com.sun.jna.Pointer;
import org.jallocator.Allocator;
import org.jallocator.stack.AllocatorStack;

/**
 * Passes stamped blocks from thread to thread, and in the end does something wrong if it is told
 * to. The arguments are a count of blocks and the wrong thing: none, double-free or overrun.
 */
final class ProgramOnStampedBlocks {

  private static final int SIZE = 1000;

  private ProgramOnStampedBlocks() {}

  public static void main(String[] args) {
    long blocks = Long.parseLong(args[0]);
    for (String stack : StampRow.STACKS) {
      StampRow.pass(stack, blocks / StampRow.STACKS.size() + 1);
    }
    try (AllocatorStack leaf = AllocatorStack.open("jna")) {
      Allocator allocator = leaf.allocator();
      long address = allocator.malloc(SIZE);
      if (args[1].equals("overrun")) {
        new Pointer(address).setMemory(0, SIZE + 16, (byte) 1);
      }
      allocator.free(address);
      if (args[1].equals("double-free")) {
        allocator.free(address);
      }
    }
    System.out.println(ChildJvm.TRIED + blocks);
  }
}
