package org.jallocator.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.sum;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.memory.UnifiedMemoryManager;
import org.apache.spark.metrics.source.Source;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import scala.jdk.javaapi.CollectionConverters;

/**
 * A job that sorts, aggregates and joins, and takes the sorted rows out as Arrow batches. All
 * settings come by system properties named {@code spark.*}. Prints its answer, which depends on the
 * rows alone, on lines that start with {@code answer:}, and the figures of each process that ran
 * tasks on lines that start with {@code executor ID:}.
 */
final class SparkJob {

  /** The figures' tasks and how long each takes: longer, together, than Spark's polling. */
  private static final int FIGURE_TASKS = 12;

  private static final long FIGURE_MILLIS = 300;

  /** The place of the field in /proc/self/stat, counted from the one behind the name. */
  private static final int MINOR_FAULTS = 7;

  private SparkJob() {}

  public static void main(String[] args) throws IOException {
    long rows = Long.parseLong(args[0]);
    AtomicLong spilled = new AtomicLong();
    try (SparkSession spark = SparkSession.builder().appName("allocator-spark").getOrCreate()) {
      spark.sparkContext().addSparkListener(new Spills(spilled));
      long start = System.nanoTime();
      Dataset<Row> numbers =
          spark
              .range(0, rows, 1, 8)
              .selectExpr(
                  "id",
                  "hash(id) as h",
                  "id % 1000 as g",
                  "concat('row ', cast(id as string)) as t");
      answer("sort", arrowBatches(numbers.orderBy(col("h"), col("id"))));
      answer("aggregate", aggregate(numbers));
      answer("join", join(numbers));
      System.out.println("seconds: " + (System.nanoTime() - start) / 1e9);
      figuresOfExecutors(spark).forEach(System.out::println);
    }
    System.out.println("spilled: " + spilled.get());
  }

  /** {@return the lines of all executors} Short tasks, so many that each executor has some. */
  private static Iterable<String> figuresOfExecutors(SparkSession spark) {
    Map<String, String> newest = new TreeMap<>();
    List<Integer> tasks = IntStream.range(0, FIGURE_TASKS).boxed().toList();
    JavaSparkContext.fromSparkContext(spark.sparkContext())
        .parallelize(tasks, FIGURE_TASKS)
        .map(ignored -> new TreeMap<>(figures()))
        .collect()
        .forEach(newest::putAll);
    return newest.entrySet().stream().map(figure -> figure.getKey() + figure.getValue()).toList();
  }

  /** {@return what this process has of the plugin and of memory, by the start of its line} */
  private static Map<String, String> figures() throws IOException, InterruptedException {
    Thread.sleep(FIGURE_MILLIS);
    SparkEnv env = SparkEnv.get();
    String executor = "executor " + env.executorId() + ": ";
    Map<String, String> figures = new TreeMap<>();
    figures.put(
        executor + "unmanaged ",
        Long.toString(UnifiedMemoryManager.getMemoryByComponentType("allocator-spark")));
    for (Source source :
        CollectionConverters.asJava(
            env.metricsSystem().getSourcesByName("plugin." + AllocatorPlugin.class.getName()))) {
      source
          .metricRegistry()
          .getGauges()
          .forEach((name, gauge) -> figures.put(executor + name + " ", "" + gauge.getValue()));
    }
    Path self = Path.of("/proc/self");
    if (Files.exists(self)) {
      String stat = Files.readString(self.resolve("stat"));
      figures.put(
          executor + "faults ",
          stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[MINOR_FAULTS]);
      String status = Files.readString(self.resolve("status"));
      figures.put(
          executor + "rss.peak.kB ", status.replaceAll("(?s).*VmHWM:\\s*(\\d+) kB.*", "$1"));
    }
    return figures;
  }

  private static void answer(String what, String answer) {
    System.out.println("answer: " + what + " " + answer);
  }

  /** {@return the number, the bytes and the sums of the batches, in the order of the rows} */
  private static String arrowBatches(Dataset<Row> sorted) {
    List<long[]> batches =
        ((org.apache.spark.sql.classic.Dataset<?>) sorted)
            .toArrowBatchRdd()
            .toJavaRDD()
            .map(SparkJob::sumOf)
            .collect();
    long bytes = 0;
    long all = 0;
    for (long[] batch : batches) {
      bytes += batch[0];
      all = all * 31 + batch[1];
    }
    return "batches=" + batches.size() + " bytes=" + bytes + " sum=" + Long.toHexString(all);
  }

  private static long[] sumOf(byte[] batch) {
    CRC32 sum = new CRC32();
    sum.update(batch);
    return new long[] {batch.length, sum.getValue()};
  }

  private static String aggregate(Dataset<Row> numbers) {
    return numbers
        .groupBy(col("t"))
        .agg(count(lit(1)).as("n"), sum("id").as("ids"))
        .groupBy()
        .agg(sum("n"), sum("ids"), max("t"))
        .collectAsList()
        .toString();
  }

  private static String join(Dataset<Row> numbers) {
    Dataset<Row> other = numbers.selectExpr("h as oh", "id as oid", "t as ot");
    return numbers
        .join(other, col("h").equalTo(col("oh")))
        .agg(count(lit(1)), sum(col("id").plus(col("oid"))), max("ot"))
        .collectAsList()
        .toString();
  }

  /** Adds up what tasks wrote to disks because memory was short. */
  private static final class Spills extends SparkListener {
    private final AtomicLong bytes;

    Spills(AtomicLong bytes) {
      this.bytes = bytes;
    }

    @Override
    public void onTaskEnd(SparkListenerTaskEnd end) {
      bytes.addAndGet(end.taskMetrics().diskBytesSpilled());
    }
  }
}
