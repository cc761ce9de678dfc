package org.jallocator.spark;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.spark.launcher.JavaModuleOptions;

/**
 * Runs {@link SparkJob} in a driver of its own. The executors of {@code local-cluster} are started
 * from a Spark home, which is an empty one here: their classes come from our class path.
 */
final class SparkRun {

  private static final long MINUTES = 15;

  /** A shorter job is over before the best code is made: the compiler that makes it only costs. */
  private static final long ROWS_WORTH_C2 = 2_000_000;

  private static final String QUICK = "-XX:TieredStopAtLevel=1";

  /** How many rows the job has, and where it runs. */
  static final long ROWS = Long.getLong("allocator.spark.rows", 20_000);

  private static final String MASTER = System.getProperty("allocator.spark.master", "local[2]");

  private final Path directory;
  private final Map<String, String> conf = new TreeMap<>();
  private String output = "";

  /** What the processes that ran tasks wrote to their logs, by their ids. */
  private final Map<String, String> logs = new TreeMap<>();

  SparkRun(Path directory) {
    this.directory = directory;
    conf.put("spark.master", MASTER);
    conf.put("spark.ui.enabled", "false");
    conf.put("spark.driver.bindAddress", "127.0.0.1");
    conf.put("spark.driver.host", "127.0.0.1");
    conf.put("spark.local.dir", directory.resolve("spill").toString());
    conf.put("spark.sql.warehouse.dir", directory.resolve("warehouse").toString());
    conf.put("spark.executor.extraClassPath", System.getProperty("java.class.path"));
    conf.put("spark.executor.memory", "1g");
    if (ROWS < ROWS_WORTH_C2) {
      conf.put("spark.executor.extraJavaOptions", QUICK);
    }
    // Both executors are there before the job starts, and each has one core.
    conf.put("spark.cores.max", "2");
    conf.put("spark.scheduler.minRegisteredResourcesRatio", "1.0");
    conf.put("spark.metrics.namespace", "app");
    conf.put("spark.metrics.conf.*.sink.csv.class", "org.apache.spark.metrics.sink.CsvSink");
    conf.put("spark.metrics.conf.*.sink.csv.period", "1");
    conf.put("spark.metrics.conf.*.sink.csv.unit", "seconds");
    conf.put("spark.metrics.conf.*.sink.csv.directory", metrics(directory).toString());
    conf.put("spark.sql.shuffle.partitions", "8");
    conf.put("spark.sql.adaptive.enabled", "false");
    conf.put("spark.sql.autoBroadcastJoinThreshold", "-1");
  }

  /** {@return whether the executors are processes of their own} */
  static boolean isCluster() {
    return MASTER.startsWith("local-cluster");
  }

  SparkRun withPlugin() {
    return set("spark.plugins", AllocatorPlugin.class.getName())
        .set("spark.memory.unmanagedMemoryPollingInterval", "1s");
  }

  SparkRun offHeap() {
    return set("spark.memory.offHeap.enabled", "true").set("spark.memory.offHeap.size", "512m");
  }

  SparkRun withTungsten() {
    return offHeap().set("spark.allocator.tungsten", "true");
  }

  SparkRun set(String key, String value) {
    conf.put(key, value);
    return this;
  }

  /** Runs the job and keeps what driver and executors printed. */
  SparkRun run(long rows) throws IOException, InterruptedException {
    Path home = directory.resolve("home");
    Files.createDirectories(home.resolve("jars"));
    Files.createDirectories(metrics(directory));
    Path log = directory.resolve("driver.log");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx1g");
    if (ROWS < ROWS_WORTH_C2) {
      command.add(QUICK);
    }
    command.addAll(List.of(JavaModuleOptions.defaultModuleOptionArray()));
    conf.forEach((key, value) -> command.add("-D" + key + "=" + value));
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(SparkJob.class.getName());
    command.add(Long.toString(rows));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("SPARK_HOME", home.toString());
    builder.environment().put("SPARK_SCALA_VERSION", "2.13");
    builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    Process process = builder.start();
    if (!process.waitFor(MINUTES, TimeUnit.MINUTES)) {
      process.destroyForcibly().waitFor();
      throw new IllegalStateException("takes too long: log=" + log);
    }
    output = Files.readString(log);
    logs.clear();
    if (isCluster()) {
      readExecutorLogs(home.resolve("work"));
      logs.forEach((id, text) -> output += "== executor " + id + "\n" + text);
    } else {
      logs.put("driver", output);
    }
    return this;
  }

  /** The log of an executor of a local cluster is {@code work/APPLICATION/ID/stderr}. */
  private void readExecutorLogs(Path work) throws IOException {
    if (!Files.isDirectory(work)) {
      return;
    }
    Files.walkFileTree(
        work,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            if (file.endsWith("stderr")) {
              logs.put(
                  file.getName(file.getNameCount() - 2).toString(),
                  // An executor that is stopped may leave half a character.
                  new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
            }
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /** {@return the executors in whose logs a line matches} */
  Set<String> executorsThatLogged(String regex) {
    Predicate<String> matches = Pattern.compile(regex).asPredicate();
    return logs.entrySet().stream()
        .filter(log -> log.getValue().lines().anyMatch(matches))
        .map(Map.Entry::getKey)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Path metrics(Path directory) {
    return directory.resolve("metrics");
  }

  /**
   * {@return the last values that Spark wrote of a metric of the plugin, by the process} The files
   * of its CSV sink are named {@code app.PROCESS.plugin.CLASS.METRIC.csv}.
   */
  Map<String, Long> written(String metric) throws IOException {
    String end = ".plugin." + AllocatorPlugin.class.getName() + "." + metric + ".csv";
    Map<String, Long> values = new TreeMap<>();
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(metrics(directory), "app.*" + end)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        List<String> lines = Files.readAllLines(file);
        String last = lines.get(lines.size() - 1);
        values.put(
            name.substring("app.".length(), name.length() - end.length()),
            Long.valueOf(last.substring(last.indexOf(',') + 1)));
      }
    }
    return values;
  }

  /** Prints what is of interest in the logs. */
  void report(String what) {
    System.out.println(
        "spark: "
            + what
            + ": rows="
            + ROWS
            + " master="
            + MASTER
            + " "
            + lines("seconds: ")
            + lines("spilled: ")
            + "[refused pages: "
            + output.lines().filter(line -> line.contains(" no memory for a page: ")).count()
            + "]");
    output
        .lines()
        .filter(
            line ->
                line.contains("AllocatorPlugin: allocator-spark:")
                    || line.startsWith("== executor")
                    || line.startsWith("executor ")
                    || line.matches(" *(@general|fallback|sizeclass|large|limit|tracked|jna).*"))
        .forEach(System.out::println);
  }

  String output() {
    return output;
  }

  /** {@return the lines that start with a text} */
  List<String> lines(String start) {
    return output.lines().filter(line -> line.startsWith(start)).toList();
  }

  /** {@return the number behind a text at a line's start} */
  double number(String start) {
    return Double.parseDouble(lines(start).get(0).substring(start.length()).strip());
  }

  /** {@return a figure that the job read in the executors, by the executor's id} */
  Map<String, Long> figures(String name) {
    Map<String, Long> figures = new TreeMap<>();
    for (String line : lines("executor ")) {
      // executor ID: NAME VALUE
      String[] words = line.split(" ", -1);
      if (words.length == 4 && words[2].equals(name)) {
        figures.put(words[1].replace(":", ""), Long.valueOf(words[3]));
      }
    }
    return figures;
  }
}
