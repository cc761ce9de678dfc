package org.jallocator.spark;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.memory.MemoryManager;
import org.jallocator.AllocatorConfigException;
import org.jallocator.arrow.AllocatorArrow;
import org.jallocator.stack.AllocatorStack;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Tuple2;

/**
 * The stacks of this process, which a driver and an executor in one process share. They are open
 * until the process ends: Spark's root allocator of Arrow lives as long.
 *
 * <p>Shared, may block: {@link #afterTask} where a stack is trimmed.
 */
final class SparkStacks {

  private static final Logger LOG = LoggerFactory.getLogger(AllocatorPlugin.class);

  private static final String PREFIX = "spark.allocator.";
  private static final String TUNGSTEN = PREFIX + "tungsten";
  private static final String TRIM = PREFIX + "trim";
  private static final String OFF_HEAP = "spark.memory.offHeap.enabled";

  private static @Nullable SparkStacks started;

  private final Map<String, SparkStack> stacks = new LinkedHashMap<>();
  private final @Nullable TungstenPages pages;
  private final long keep;
  private final AtomicBoolean trimming = new AtomicBoolean();

  /** Whose pages are ours; only compared. Null as long as there is none. */
  private volatile @Nullable MemoryManager manager;

  private @Nullable AutoCloseable registration;

  private SparkStacks(SparkConf conf) {
    passOn(conf);
    keep = conf.getSizeAsBytes(TRIM, "256m");
    if (hasArrow()) {
      AllocatorArrow.install();
      stacks.put("arrow", new SparkStack(AllocatorArrow.stack()));
    }
    if (conf.getBoolean(TUNGSTEN, false)) {
      if (!conf.getBoolean(OFF_HEAP, false)) {
        throw new AllocatorConfigException(
            TUNGSTEN + "=true without pages off the heap: remedy=" + OFF_HEAP + "=true");
      }
      AllocatorStack stack = AllocatorStack.namedOr("tungsten", "@general");
      if (!stack.allocator().isShared()) {
        stack.close();
        throw new AllocatorConfigException(
            "allocator-spark: the allocator is confined to one thread, and tasks have many:"
                + " allocator.stack.tungsten="
                + stack
                + ", remedy=shared=true");
      }
      stacks.put("tungsten", new SparkStack(stack));
      pages = new TungstenPages(stack.allocator(), this::trimAll);
    } else {
      pages = null;
    }
  }

  /**
   * {@return the stacks of this process} The first call opens them by its configuration; a later
   * one, by a driver and an executor in one process or by a second application in it, finds them.
   */
  static synchronized SparkStacks start(SparkConf conf) {
    if (started == null) {
      started = new SparkStacks(conf);
      LOG.info("allocator-spark: opened: {}", started.stacks);
    }
    return started;
  }

  /** Spark's configuration is the lowest place: a property of the process wins. */
  private static void passOn(SparkConf conf) {
    for (Tuple2<String, String> entry : conf.getAll()) {
      if (entry._1().startsWith(PREFIX + "stack.") || entry._1().startsWith(PREFIX + "def.")) {
        String property = entry._1().substring("spark.".length());
        if (System.getProperty(property) == null) {
          System.setProperty(property, entry._2());
        }
      }
    }
  }

  private static boolean hasArrow() {
    try {
      Class.forName(
          "org.apache.arrow.memory.AllocationManager", false, SparkStacks.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException e) {
      LOG.info("allocator-spark: no Arrow on the class path");
      return false;
    }
  }

  /** {@return the open stacks by their names} */
  Map<String, SparkStack> byName() {
    return stacks;
  }

  /** Registers the stack of Arrow, whose bytes Spark does not manage, where Spark has a list. */
  synchronized void register(String executor) {
    SparkStack arrow = stacks.get("arrow");
    if (arrow == null || registration != null) {
      return;
    }
    try {
      Class.forName("org.apache.spark.memory.UnmanagedMemoryConsumer");
      registration = UnmanagedStack.register(arrow, executor);
    } catch (ClassNotFoundException e) {
      LOG.info("allocator-spark: this Spark has no list of unmanaged memory: since 4.1");
    }
  }

  synchronized void unregister() {
    if (registration != null) {
      try {
        registration.close();
      } catch (Exception e) {
        LOG.warn("allocator-spark: not unregistered", e);
      }
      registration = null;
    }
  }

  /**
   * Makes sure that pages are ours. Before each task, as an executor may have its memory manager
   * after its plugins only; no page was allocated before the first task.
   */
  void beforeTask() {
    TungstenPages mine = pages;
    SparkEnv env = SparkEnv.get();
    if (mine == null || env == null || env.memoryManager() == manager) {
      return;
    }
    synchronized (this) {
      MemoryManager present = env.memoryManager();
      if (present != manager) {
        mine.install(present);
        manager = present;
        LOG.info("allocator-spark: Tungsten's pages are from {}", stacks.get("tungsten"));
      }
    }
  }

  /**
   * Trims a stack that keeps more free memory than configured; one thread at a time. Logs a new
   * peak here, as the last words of an executor may be lost: its worker stops it.
   */
  void afterTask() {
    stacks.forEach(
        (name, stack) -> {
          if (stack.peakDoubled()) {
            LOG.info(
                "allocator-spark: executor: {}: peak {} bytes reserved",
                name,
                stack.peakReservedBytes());
          }
          if (stack.reservedBytes() - stack.stats().liveBytes() > keep
              && trimming.compareAndSet(false, true)) {
            try {
              stack.trim();
            } finally {
              trimming.set(false);
            }
          }
        });
  }

  /** {@return the bytes that went back to the system} For a page that found no memory. */
  private long trimAll() {
    return stacks.values().stream().mapToLong(SparkStack::trim).sum();
  }

  /** Writes the figures to the log. */
  static synchronized void report(String where) {
    if (started != null) {
      for (Map.Entry<String, SparkStack> entry : started.stacks.entrySet()) {
        SparkStack stack = entry.getValue();
        LOG.info(
            "allocator-spark: {}: {}: peak {} bytes reserved, {} bytes trimmed\n{}",
            where,
            entry.getKey(),
            stack.peakReservedBytes(),
            stack.trimmedBytes(),
            stack.describe());
      }
    }
  }
}
