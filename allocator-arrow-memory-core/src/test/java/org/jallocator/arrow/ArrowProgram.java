package org.jallocator.arrow;

import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.IntVector;
import org.jallocator.stack.AllocatorStack;

/** Programs that use Arrow, each for a Java machine of its own. Prints what it came to. */
final class ArrowProgram {

  private ArrowProgram() {}

  public static void main(String[] args) {
    try {
      System.out.println(run(args[0]));
    } catch (RuntimeException | Error e) {
      for (Throwable each = e; each != null; each = each.getCause()) {
        System.out.println("thrown: " + each);
      }
    }
  }

  private static String run(String program) {
    return switch (program) {
      case "plain" -> vector();
      case "leak" -> leak();
      case "install" -> {
        AllocatorArrow.install();
        AllocatorArrow.install();
        yield vector();
      }
      case "install own" -> {
        AllocatorArrow.install(AllocatorStack.named("own", "@general").allocator());
        yield vector();
      }
      case "install late" -> {
        String first = vector();
        AllocatorArrow.install();
        yield first;
      }
      case "install after failure" -> {
        try {
          vector();
        } catch (LinkageError e) {
          System.out.println("first: " + e);
        }
        AllocatorArrow.install();
        yield "installed";
      }
      default -> throw new IllegalArgumentException(program);
    };
  }

  /** {@return how many blocks each open stack has while a vector lives} */
  private static String vector() {
    StringBuilder live = new StringBuilder("stacks:");
    try (BufferAllocator root = new RootAllocator();
        IntVector vector = new IntVector("numbers", root)) {
      vector.allocateNew(1000);
      vector.setSafe(999, 4711);
      if (vector.get(999) != 4711) {
        throw new IllegalStateException("wrong number: " + vector.get(999));
      }
      for (AllocatorStack stack : AllocatorStack.openStacks()) {
        live.append(' ')
            .append(stack.name().orElse("?"))
            .append('=')
            .append(stack.allocator().stats().liveBlocks())
            .append(' ')
            .append(stack);
      }
    }
    return live.toString();
  }

  private static String leak() {
    BufferAllocator root = new RootAllocator();
    return "leaked " + root.buffer(100).capacity();
  }
}
