package org.jallocator.bench.mixed;

import java.io.PrintWriter;
import java.util.List;
import org.jallocator.bench.run.ForkedWorker;

/**
 * A JVM of its own in which some stacks are used in turn.
 *
 * <p>Confined to its owner thread.
 *
 * @see ForkedWorker
 */
final class MixedFork implements AutoCloseable {

  private final ForkedWorker fork;

  /**
   * Starts the JVM and hands it its work.
   *
   * @param workload what is done to each stack
   * @param onePlace whether all stacks are called from one place in the program
   * @param stacks the expressions of the stacks
   * @param err where anything else goes that the JVM prints
   */
  MixedFork(MixedWorkload workload, boolean onePlace, List<String> stacks, PrintWriter err) {
    fork =
        new ForkedWorker(
            workload.label() + " on " + String.join(" and ", stacks),
            ForkedWorker.jvm(MixedWorker.class),
            out -> {
              out.writeUTF(workload.name());
              out.writeBoolean(onePlace);
              out.writeInt(stacks.size());
              for (String stack : stacks) {
                out.writeUTF(stack);
              }
            },
            err);
  }

  void warmUp(int millis) {
    ask(MixedWorker.WARM_UP, millis);
  }

  /** Uses each stack for so many slices, in turn. */
  void round(int slices) {
    ask(MixedWorker.ROUND, slices);
  }

  /** {@return the time of one operation of a stack in the last round, in nanoseconds} */
  double nanos(int stack) {
    return ask(MixedWorker.TIME, stack) / 1000.0;
  }

  private long ask(int command, int number) {
    return fork.ask(
        out -> {
          out.write(command);
          out.writeInt(number);
        });
  }

  /** Ends the process. */
  @Override
  public void close() {
    fork.close();
  }
}
