package org.jallocator.bench.replay;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import org.jallocator.bench.trace.Trace;
import org.jallocator.bench.trace.TraceBuilder;

/**
 * Traces of large blocks, of 64 KiB to 16 MiB, made up after what two programs of data processing
 * ask for. They are the same in every run.
 *
 * <ul>
 *   <li>{@code arrow}: record batches, some of them live at once, as in a pipeline of Arrow. A
 *       batch has a buffer for every column, of a power of two as Arrow rounds them up, and Strings
 *       in buffers that double as they fill: the larger one is there before the smaller one is
 *       freed.
 *   <li>{@code spark}: tasks that sort, as in Spark. A task fetches compressed blocks of all sizes,
 *       copies them into pages of 4 MiB, and keeps pointers in an array that doubles; at its end
 *       all goes back at once.
 * </ul>
 */
final class LargeTraces {

  static final long SMALLEST = 64 << 10;
  static final long LARGEST = 16 << 20;

  private static final int SEED = 20261125;

  private static final int BATCHES = 24;
  private static final int LIVE_BATCHES = 3;

  private static final int TASKS = 4;
  private static final int PAGES_OF_TASK = 12;
  private static final long SPARK_PAGE = 4 << 20;

  private final Random random = new Random(SEED);
  private final TraceBuilder builder = new TraceBuilder();
  private long lastId;
  private int lines;

  private LargeTraces() {}

  /** {@return both} */
  static List<Trace> all() {
    return List.of(new LargeTraces().arrow(), new LargeTraces().spark());
  }

  private Trace arrow() {
    Queue<List<Long>> batches = new ArrayDeque<>();
    for (int i = 0; i < BATCHES; i++) {
      if (batches.size() == LIVE_BATCHES) {
        batches.remove().forEach(this::free);
      }
      batches.add(batch((16 << 10) << random.nextInt(4)));
    }
    return builder.build("arrow", lines);
  }

  private List<Long> batch(long rows) {
    List<Long> buffers = new ArrayList<>();
    for (int column = 0; column < 4; column++) {
      buffers.add(malloc(Long.BYTES * rows));
    }
    for (int column = 0; column < 3; column++) {
      buffers.add(malloc(Integer.BYTES * rows));
    }
    for (int column = 0; column < 2; column++) {
      // One offset more than rows, and so twice the power of two.
      buffers.add(malloc(2 * Integer.BYTES * rows));
      buffers.add(grown(rows * (8 + random.nextInt(32))));
    }
    return buffers;
  }

  private Trace spark() {
    for (int task = 0; task < TASKS; task++) {
      List<Long> blocks = new ArrayList<>();
      for (int page = 0; page < PAGES_OF_TASK; page++) {
        long fetched = malloc(SMALLEST + 8L * random.nextInt(1 << 17));
        blocks.add(malloc(SPARK_PAGE));
        free(fetched);
      }
      blocks.add(grown(LARGEST));
      blocks.forEach(this::free);
    }
    return builder.build("spark", lines);
  }

  /** {@return a block of at least some bytes that was doubled until it had them} */
  private long grown(long bytes) {
    long size = SMALLEST;
    long id = malloc(size);
    while (size < bytes) {
      size *= 2;
      long larger = malloc(size);
      free(id);
      id = larger;
    }
    return id;
  }

  private long malloc(long size) {
    lines++;
    builder.malloc(0, ++lastId, Math.min(LARGEST, Math.max(SMALLEST, size)));
    return lastId;
  }

  private void free(long id) {
    lines++;
    builder.free(0, id);
  }
}
