package org.jallocator.spark;

import org.apache.spark.memory.MemoryMode;
import org.apache.spark.memory.UnifiedMemoryManager;
import org.apache.spark.memory.UnifiedMemoryManager$;
import org.apache.spark.memory.UnmanagedMemoryConsumer;
import org.apache.spark.memory.UnmanagedMemoryConsumerId;

/**
 * Tells Spark's memory manager what a stack holds, since Spark 4.1; loaded by reflection, as older
 * ones have no such list. Spark asks if {@code spark.memory.unmanagedMemoryPollingInterval} is more
 * than 0.
 */
final class UnmanagedStack implements UnmanagedMemoryConsumer {

  private final SparkStack stack;
  private final UnmanagedMemoryConsumerId id;

  private UnmanagedStack(SparkStack stack, String executor) {
    this.stack = stack;
    this.id = new UnmanagedMemoryConsumerId("allocator-spark", "arrow-" + executor);
  }

  /** {@return what removes the stack from the list} */
  static AutoCloseable register(SparkStack stack, String executor) {
    UnmanagedStack consumer = new UnmanagedStack(stack, executor);
    UnifiedMemoryManager.registerUnmanagedMemoryConsumer(consumer);
    return () -> UnifiedMemoryManager$.MODULE$.unregisterUnmanagedMemoryConsumer(consumer);
  }

  @Override
  public UnmanagedMemoryConsumerId unmanagedMemoryConsumerId() {
    return id;
  }

  @Override
  public MemoryMode memoryMode() {
    return MemoryMode.OFF_HEAP;
  }

  @Override
  public long getMemBytesUsed() {
    return stack.reservedBytes();
  }
}
