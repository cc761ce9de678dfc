package org.jallocator.spark;

import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskFailedReason;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;

/**
 * Puts Spark's Arrow buffers, in the driver and in each executor, on a stack of allocators:
 *
 * <pre>
 * spark.plugins                    org.jallocator.spark.AllocatorPlugin
 * spark.allocator.stack.arrow      an expression; else {@code @general}
 * spark.allocator.trim             256m: trims a stack after a task if it keeps more than this free
 * spark.allocator.tungsten         false: if true, Tungsten's off-heap pages too (experimental)
 * spark.allocator.stack.tungsten   an expression; else {@code @general}
 * spark.allocator.def.NAME         a named part of the expressions
 * </pre>
 *
 * <p>What the plugin reads of Spark's configuration as {@code spark.allocator.stack.NAME} and
 * {@code spark.allocator.def.NAME} it sets as the system property without {@code spark.}, unless
 * the process was started with that property.
 *
 * <p>For Spark 4. A driver or an executor does not start if the configuration is wrong, or if Arrow
 * has chosen another allocator before.
 */
public final class AllocatorPlugin implements SparkPlugin {

  /** For Spark, which makes plugins by reflection. */
  public AllocatorPlugin() {}

  @Override
  public DriverPlugin driverPlugin() {
    return new InDriver();
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new InExecutor();
  }

  private static final class InDriver implements DriverPlugin {

    @Override
    public Map<String, String> init(SparkContext context, PluginContext plugin) {
      SparkStacks.start(plugin.conf());
      return Map.of();
    }

    @Override
    public void registerMetrics(String application, PluginContext plugin) {
      StackMetrics.register(plugin.metricRegistry(), SparkStacks.start(plugin.conf()));
    }

    @Override
    public void shutdown() {
      SparkStacks.report("driver");
    }
  }

  private static final class InExecutor implements ExecutorPlugin {

    private @org.jspecify.annotations.Nullable SparkStacks stacks;

    @Override
    public void init(PluginContext plugin, Map<String, String> extra) {
      SparkStacks started = SparkStacks.start(plugin.conf());
      StackMetrics.register(plugin.metricRegistry(), started);
      started.register(plugin.executorID());
      stacks = started;
    }

    @Override
    public void onTaskStart() {
      if (stacks != null) {
        stacks.beforeTask();
      }
    }

    @Override
    public void onTaskSucceeded() {
      afterTask();
    }

    @Override
    public void onTaskFailed(TaskFailedReason reason) {
      afterTask();
    }

    private void afterTask() {
      if (stacks != null) {
        stacks.afterTask();
      }
    }

    @Override
    public void shutdown() {
      if (stacks != null) {
        stacks.unregister();
      }
      SparkStacks.report("executor");
    }
  }
}
