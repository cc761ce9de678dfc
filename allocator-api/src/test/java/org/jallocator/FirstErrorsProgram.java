package org.jallocator;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.spi.AllocatorErrors;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.AllocatorListener;

/**
 * Makes the errors of allocators at the end of a stack, and again with one frame less on it, as
 * long as that overflows the stack. Then uses what the JDK initializes once for all.
 */
final class FirstErrorsProgram {

  private static final List<String> LOADED =
      List.of(
          "org.jallocator.AllocatorStats",
          "org.jallocator.InvalidFreeException",
          "org.jallocator.LeakException",
          "org.jallocator.spi.AllocatorErrors",
          "java.util.Arrays",
          "java.util.Spliterators$LongArraySpliterator",
          "java.util.stream.Collectors",
          "java.util.stream.LongPipeline$Head",
          "java.util.stream.LongStream");

  private static boolean done;
  private static String sum = "";

  private FirstErrorsProgram() {}

  public static void main(String[] arguments) throws Exception {
    AllocatorEvents.add(new AllocatorListener() {});
    // Loaded, as by an archive of classes, since loading them asks for more stack than all else.
    for (String each : LOADED) {
      Class.forName(each);
    }
    Thread deep = new Thread(null, FirstErrorsProgram::down, "deep", 400_000);
    deep.start();
    deep.join();
    sum += LongStream.of(1, 2).mapToObj(Long::toHexString).collect(Collectors.joining());
    sum += List.of(1, 2).stream().map(String::valueOf).toList();
    System.out.println(sum);
  }

  @SuppressWarnings("InfiniteRecursion") // to the end of the stack
  private static void down() {
    try {
      down();
    } catch (StackOverflowError e) {
      // The errors are made below.
    }
    if (!done) {
      try {
        sum = makeErrors();
        done = true;
      } catch (StackOverflowError e) {
        // The next frame has more room.
      }
    }
  }

  private static String makeErrors() {
    StringBuilder names = new StringBuilder();
    name(new LeakException("leak", 2, 80, 16, 32), names);
    name(AllocatorEvents.leaked("event", new LeakException("event", 1, 1, 64)), names);
    name(new InvalidFreeException(Reason.DOUBLE_FREE, "free", 16), names);
    name(AllocatorErrors.outOfMemory("memory", 1, 2, null), names);
    name(AllocatorErrors.wrongThread("thread", Thread.currentThread()), names);
    return names.toString();
  }

  private static void name(Throwable made, StringBuilder names) {
    String message = String.valueOf(made.getMessage());
    names.append(message, 0, message.indexOf(':') + 1).append(' ');
  }
}
