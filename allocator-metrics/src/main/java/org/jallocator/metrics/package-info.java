/**
 * What monitoring tools see of stacks of allocators:
 *
 * <pre>
 *   slow paths of layers -> AllocatorEvents -> JfrListener -> JFR events      found on the class path
 *   jfr(inner), a layer                     -> JfrAllocator -> JFR events      if it is configured
 *   AllocatorStack.openStacks()             -> AllocatorMBeans -> MXBeans      on request
 *                                           -> AllocatorMetrics -> Micrometer  on request
 * </pre>
 *
 * <p>Nothing here keeps a stack from becoming garbage, and no fast path of a layer changes: MXBeans
 * and meters ask {@link org.jallocator.Allocator#stats()} when they are read.
 */
@NullMarked
package org.jallocator.metrics;

import org.jspecify.annotations.NullMarked;
