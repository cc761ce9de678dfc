/**
 * Apache Arrow's buffers from a stack of allocators:
 *
 * <pre>
 *   Arrow: BufferAllocator.buffer(size) -> AllocationManager.Factory
 *                                                |
 *   AllocatorArrow.factory(allocator)  -> StackFactory -> StackAllocationManager, one a buffer
 *   AllocatorArrow.install(allocator)  -> the same, as the default of the process
 *   AllocatorArrow.defaultFactory()    -> the same, over the stack "arrow" of the process
 * </pre>
 *
 * <p>Arrow keeps the counts of references and the limits of child allocators, and asks for memory
 * when a buffer is made and gives it back when the last reference goes. Native memory is never
 * touched here.
 */
@NullMarked
package org.jallocator.arrow;

import org.jspecify.annotations.NullMarked;
