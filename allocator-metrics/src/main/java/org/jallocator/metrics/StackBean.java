package org.jallocator.metrics;

import java.lang.management.BufferPoolMXBean;
import java.lang.ref.WeakReference;
import java.util.function.Function;
import javax.management.ObjectName;
import org.jallocator.AllocatorStats;
import org.jallocator.stack.AllocatorStack;
import org.jspecify.annotations.Nullable;

/** The figures of a stack; 0 after the stack was garbage-collected. */
final class StackBean implements AllocatorMXBean {

  private final WeakReference<AllocatorStack> stack;
  private final String name;
  private final String expression;
  private final boolean shared;

  StackBean(AllocatorStack stack, String name) {
    this.stack = new WeakReference<>(stack);
    this.name = name;
    this.expression = stack.toString();
    this.shared = stack.allocator().isShared();
  }

  private AllocatorStats stats() {
    return ask(stack -> stack.allocator().stats(), AllocatorStats.UNTRACKED);
  }

  private <T> T ask(Function<AllocatorStack, T> question, T otherwise) {
    AllocatorStack open = stack.get();
    return open == null ? otherwise : question.apply(open);
  }

  @Nullable AllocatorStack stack() {
    return stack.get();
  }

  @Override
  public String getName() {
    return name;
  }

  @Override
  public String getExpression() {
    return expression;
  }

  @Override
  public String getDescription() {
    return ask(AllocatorStack::describe, "");
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

  /** The same figures in the form in which the JVM shows its own buffer pools. */
  record Pool(StackBean stack, ObjectName objectName) implements BufferPoolMXBean {

    @Override
    public String getName() {
      return "jallocator-" + stack.getName();
    }

    @Override
    public long getCount() {
      return stack.getLiveBlocks();
    }

    @Override
    public long getTotalCapacity() {
      return stack.getLiveBytes();
    }

    @Override
    public long getMemoryUsed() {
      return stack.getReservedBytes();
    }

    @Override
    public ObjectName getObjectName() {
      return objectName;
    }
  }
}
