/**
 * Apache Spark's off-heap memory from stacks of allocators:
 *
 * <pre>{@code
 * spark.plugins -> AllocatorPlugin -> driver and executors -> SparkStacks, one a process
 *                                                              |
 *    Arrow's root allocator    <- AllocatorArrow.install  <- stack "arrow"
 *    Tungsten's pages, on request <- TungstenPages        <- stack "tungsten"
 *    Spark's metrics           <- StackMetrics            <- both
 *    Spark's memory manager    <- UnmanagedStack          <- stack "arrow"
 * }</pre>
 */
@NullMarked
package org.jallocator.spark;

import org.jspecify.annotations.NullMarked;
