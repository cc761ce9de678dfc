/**
 * Arenas of {@code java.lang.foreign} on stacks of allocators:
 *
 * <pre>
 *   allocate(size) -> AllocatorArena -> Allocator.malloc      a block
 *                          |         -> BlockList             which blocks are to be freed
 *                          +-> an arena of the JDK            a segment on it: lifetime, bounds
 *
 *   close()        -> the arena of the JDK, then Allocator.free for each block
 * </pre>
 *
 * <p>Here an <i>arena</i> is that of {@code java.lang.foreign}, not {@link org.jallocator.Arena}.
 */
@NullMarked
package org.jallocator.ffm;

import org.jspecify.annotations.NullMarked;
