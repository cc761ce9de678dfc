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
 * <p>Arrow counts references and checks the limits of child allocators. It asks for memory when a
 * buffer is made, and gives it back when the last reference is released. This package never reads
 * or writes native memory.
 */
@NullMarked
package org.jallocator.arrow;

import org.jspecify.annotations.NullMarked;
