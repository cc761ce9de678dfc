/**
 * Netty's direct buffers from stacks of allocators:
 *
 * <pre>
 *   Netty: ByteBufAllocator.directBuffer() -> StackByteBufAllocator -> Allocator     a block
 *                                                      |
 *                                                      +-> NativeAccess              a ByteBuffer on it
 *                                                      +-> StackByteBuf              the two together
 *          ByteBufAllocator.heapBuffer()   -> CountedHeapByteBuf                     a counted array
 * </pre>
 *
 * <p>Netty keeps indices, reference counts and slices. When a count is 0, Netty calls the buffer,
 * which frees its block.
 */
@NullMarked
package org.jallocator.netty;

import org.jspecify.annotations.NullMarked;
