package org.jallocator.bench.mixed;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jallocator.Allocator;
import org.jallocator.bench.run.ForkedWorker;
import org.jallocator.stack.AllocatorStack;

/**
 * The other end of a {@link MixedFork}: uses some stacks in turn, a slice of operations each.
 *
 * <p>It reads the workload, whether all stacks are called from one place, and the stacks from
 * stdin, then one byte a command with a number, and answers each with one line on stdout.
 */
final class MixedWorker {

  /** Asks for rounds until all is compiled, for some milliseconds at least. */
  static final int WARM_UP = 'w';

  /** Asks for one round, of some slices of each stack. */
  static final int ROUND = 'r';

  /** Asks for the picoseconds that an operation of the stack of a number took in the last round. */
  static final int TIME = 't';

  /** Operations of a stack before it is the next one's turn. */
  private static final int SLICE = 1000;

  private static final int WARM_UP_SLICES = 100;

  private final MixedWorkload workload;
  private final List<User> users = new ArrayList<>();
  private long slices;

  /** Depends on the blocks, so that the compiler cannot think them unused. */
  @SuppressWarnings("unused") // written is used enough
  private volatile long mixed;

  private MixedWorker(MixedWorkload workload) {
    this.workload = workload;
  }

  /** A stack, the place that calls it, and how long that took. */
  private static final class User {

    private final MixedLoop loop;
    private final Allocator allocator;
    private final long[] addresses = new long[MixedLoop.SLOTS];
    private long nanos;

    User(MixedLoop loop, Allocator allocator) {
      this.loop = loop;
      this.allocator = allocator;
    }
  }

  /** Serves one bench. */
  public static void main(String[] args) throws IOException {
    DataInputStream in = new DataInputStream(new BufferedInputStream(System.in));
    try {
      MixedWorker worker = new MixedWorker(MixedWorkload.valueOf(in.readUTF()));
      boolean onePlace = in.readBoolean();
      MixedLoop shared = MixedLoopCode.copy();
      for (int left = in.readInt(); left > 0; left--) {
        Allocator allocator = AllocatorStack.open(in.readUTF()).allocator();
        worker.users.add(new User(onePlace ? shared : MixedLoopCode.copy(), allocator));
      }
      for (int command = in.read(); command >= 0; command = in.read()) {
        ForkedWorker.answer(worker.serve(command, in.readInt()));
      }
    } catch (RuntimeException | Error e) {
      ForkedWorker.fail(e);
    }
  }

  private long serve(int command, int number) {
    switch (command) {
      case WARM_UP -> {
        long start = System.nanoTime();
        do {
          round(WARM_UP_SLICES);
        } while (System.nanoTime() - start < TimeUnit.MILLISECONDS.toNanos(number));
        return number;
      }
      case ROUND -> {
        round(number);
        return number;
      }
      case TIME -> {
        return Math.round(1000.0 * users.get(number).nanos / (slices * SLICE));
      }
      default -> throw new IllegalArgumentException("no such command: command=" + command);
    }
  }

  private void round(int slices) {
    this.slices = slices;
    users.forEach(user -> user.nanos = 0);
    long mixed = 0;
    for (int slice = 0; slice < slices; slice++) {
      for (User user : users) {
        long start = System.nanoTime();
        mixed ^= workload.run(user.loop, user.allocator, user.addresses, SLICE);
        user.nanos += System.nanoTime() - start;
      }
    }
    this.mixed = mixed;
  }
}
