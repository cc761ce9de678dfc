package org.jallocator.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One job, with and without the plugin. With the profile spark-cluster, on two executors. */
final class SparkJobTest {

  /** From so many rows on the job is larger than the limit, and spills. */
  private static final long ROWS_THAT_SPILL = 1_000_000;

  private static final long MIB = 1 << 20;

  private static List<String> expected = List.of();

  @TempDir static Path plainDirectory;

  @TempDir Path directory;

  @BeforeAll
  static void runWithoutThePlugin() throws IOException, InterruptedException {
    SparkRun plain = new SparkRun(plainDirectory).offHeap().run(SparkRun.ROWS);
    expected = plain.lines("answer: ");
    assertEquals(3, expected.size(), plain.output());
    plain.report("plain, pages off the heap");
  }

  private SparkRun withPlugin() {
    return new SparkRun(directory).withPlugin();
  }

  private static void assertSameAnswer(SparkRun run) {
    assertEquals(expected, run.lines("answer: "), run.output());
  }

  /** Each executor has the figure, and it is more than 0. */
  private static void assertInEachExecutor(String what, Map<String, Long> figures, SparkRun run) {
    for (String executor : executors()) {
      assertTrue(
          figures.getOrDefault(executor, 0L) > 0, () -> what + figures + "\n" + run.output());
    }
  }

  /** {@return the ids of the processes that run tasks} */
  private static Set<String> executors() {
    return SparkRun.isCluster() ? Set.of("0", "1") : Set.of("driver");
  }

  /** Each executor wrote the stack's figures to its log, and had memory from it. */
  private static void assertServed(String stack, SparkRun run) {
    // A stack that served nothing has reserved nothing.
    assertEquals(
        executors(),
        run.executorsThatLogged("executor: " + stack + ": peak [1-9][0-9]* bytes reserved"),
        run.output());
  }

  @Test
  void answersTheSameWithArrowAndTungstensPagesOnStacks() throws Exception {
    SparkRun run = withPlugin().withTungsten().run(SparkRun.ROWS);
    run.report("arrow and tungsten");
    assertSameAnswer(run);
    for (String stack : List.of("arrow", "tungsten")) {
      String peak = stack + ".memory.reserved.peak";
      assertServed(stack, run);
      assertInEachExecutor(peak, run.figures(peak), run);
      assertInEachExecutor("written " + peak, run.written(peak), run);
      assertTrue(run.written(stack + ".memory.used").containsKey("driver"), run.output());
    }
    assertInEachExecutor("unmanaged", run.figures("unmanaged"), run);
  }

  /** The job has to spill, as it has more rows than fit below the limit; each task is trimmed. */
  @Test
  void spillsAndTrimsInsteadOfDyingAtALimit() throws Exception {
    long limit = Math.min(Math.max(4 * SparkRun.ROWS, 8 * MIB), 32 * MIB);
    SparkRun run =
        withPlugin()
            .withTungsten()
            .set("spark.buffer.pageSize", "1m")
            .set("spark.allocator.trim", "1m")
            .set("spark.allocator.stack.tungsten", "limit(bytes=" + limit + ", @general)")
            .run(SparkRun.ROWS);
    run.report("limit " + limit);
    assertSameAnswer(run);
    assertServed("tungsten", run);
    assertInEachExecutor("trimmed", run.figures("tungsten.trimmed"), run);
    if (SparkRun.ROWS >= ROWS_THAT_SPILL) {
      assertTrue(run.number("spilled: ") > 0, run.output());
    }
    assertFalse(run.output().contains("ExecutorLostFailure"), run.output());
  }

  @Test
  void refusesAConfinedStackBeforeTheJobStarts() throws Exception {
    SparkRun run = withPlugin().set("spark.allocator.stack.arrow", "large(jna)").run(10);
    assertTrue(
        run.output().contains("allocator.stack.arrow=large(jna), remedy=shared=true"),
        run.output());
    assertEquals(List.of(), run.lines("answer: "));
  }

  @Test
  void refusesTungstensPagesOnTheHeap() throws Exception {
    SparkRun run = withPlugin().set("spark.allocator.tungsten", "true").run(10);
    assertTrue(run.output().contains("remedy=spark.memory.offHeap.enabled=true"), run.output());
    assertEquals(List.of(), run.lines("answer: "));
  }
}
