/**
 * A bump arena.
 *
 * <p>An arena is one object. Each part is a superclass of the one above it; to the right is what it
 * is for.
 *
 * <pre>
 *   ArenaProvider ──creates──▶ ArenaAllocator     malloc and free
 *                                │ is a
 *                              ConfinedArena       the owner thread, scopes, the end
 *                                │ is a
 *                              ArenaMemory ──▶ MarkStack       where each mark was taken
 *                                │ is a    │
 *                                │         └──▶ Chunks ──▶ Chunk       all chunks; the bits of one
 *                                │                │
 *                              LargeBlocks        │                blocks over half a chunk
 *                                │ is a  │        │
 *                                │       └──▶ ChunkTable           where an address lies
 *                                ▼
 *                              ArenaAccount        the inner's malloc and free; figures
 * </pre>
 *
 * <p>Follow one malloc and one free:
 *
 * <pre>
 *   ArenaAllocator.malloc -> ArenaMemory.bump -> Chunk.bump               of the current chunk
 *     mallocSlow -> bumpSlow -> LargeBlocks.takeBlock                     over half a chunk
 *                            -> Chunks.spare, or the inner -> Chunk.bump  a new current chunk
 *
 *   ArenaAllocator.free -> ArenaMemory.bumpBack -> Chunk.free             of the current chunk
 *     tryFreeSlow -> bumpBackSlow -> Chunks.find -> Chunk.free            of another chunk
 *                                 -> LargeBlocks.findBlock -> the inner   a large block
 * </pre>
 *
 * <p>Words, beside those of the contract:
 *
 * <dl>
 *   <dt>chunk
 *   <dd>memory of the inner from which blocks are cut one behind the other
 *   <dt>current chunk
 *   <dd>the one that mallocs are served from
 *   <dt>spare chunk
 *   <dd>one without a live block and without a mark, which is the next to become current
 *   <dt>granule
 *   <dd>as many bytes as the alignment; each block is a whole number of granules
 *   <dt>large block
 *   <dd>a block of over half a chunk, which is a block of the inner by itself
 *   <dt>mark
 *   <dd>a place in the order of mallocs; {@code release} frees all that was handed out after it
 *   <dt>stale
 *   <dd>of a mark: released, or from another arena; of a bit: behind the pointer, not cleared yet
 *   <dt>round
 *   <dd>the time from one {@code freeAll} to the next
 * </dl>
 */
@NullMarked
package org.jallocator.arena;

import org.jspecify.annotations.NullMarked;
