package org.jallocator.metrics;

import java.lang.ref.WeakReference;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.spi.CallCounts;
import org.jallocator.spi.MemoryLimit;
import org.jallocator.stack.StackLayer;
import org.jspecify.annotations.Nullable;

/** The figures of a layer; 0 after the layer was garbage-collected. */
final class LayerBean implements LayerMXBean {

  private final WeakReference<Allocator> allocator;
  private final String stack;
  private final String path;
  private final String type;
  private final String expression;
  private final boolean shared;

  LayerBean(StackLayer layer, String stack) {
    this.allocator = new WeakReference<>(layer.allocator());
    this.stack = stack;
    this.path = layer.path();
    this.type = layer.type();
    this.expression = layer.expression();
    this.shared = layer.allocator().isShared();
  }

  private AllocatorStats stats() {
    Allocator open = allocator.get();
    return open == null ? AllocatorStats.UNTRACKED : open.stats();
  }

  @Override
  public String getStack() {
    return stack;
  }

  @Override
  public String getPath() {
    return path;
  }

  @Override
  public String getType() {
    return type;
  }

  @Override
  public String getExpression() {
    return expression;
  }

  @Override
  public boolean isShared() {
    return shared;
  }

  @Override
  public boolean isTracked() {
    return stats().isTracked();
  }

  @Override
  public long getLiveBlocks() {
    return stats().liveBlocks();
  }

  @Override
  public long getLiveBytes() {
    return stats().liveBytes();
  }

  @Override
  public long getUnsizedBlocks() {
    return stats().unsizedBlocks();
  }

  @Override
  public long getReservedBytes() {
    return stats().reservedBytes();
  }

  @Override
  public long getPeakReservedBytes() {
    return stats().peakReservedBytes();
  }

  @Override
  public long getInnerMallocs() {
    return stats().innerMallocs();
  }

  @Override
  public long getInnerFrees() {
    return stats().innerFrees();
  }

  @Override
  public @Nullable Long getMallocs() {
    return allocator.get() instanceof CallCounts counts ? counts.mallocs() : null;
  }

  @Override
  public @Nullable Long getFrees() {
    return allocator.get() instanceof CallCounts counts ? counts.frees() : null;
  }

  @Override
  public @Nullable Long getFailures() {
    return allocator.get() instanceof CallCounts counts ? counts.failures() : null;
  }

  @Override
  public @Nullable Long getLimitBytes() {
    return allocator.get() instanceof MemoryLimit limit ? limit.limitBytes() : null;
  }
}
