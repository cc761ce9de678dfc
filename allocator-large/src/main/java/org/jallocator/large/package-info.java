/**
 * Large blocks that are kept for reuse.
 *
 * <pre>
 *   LargeBlockProvider ──creates──▶ LargeBlockAllocator     malloc and free
 *                                      │ is a
 *                                   OwnedLargeBlocks          the owner check, figures, the end
 *                                      │           │
 *                   confined and a     │           │ else
 *                   kept block: no     │           ▼
 *                   lock               │      LargeMemory ──▶ Closing    malloc, free; the end
 *                                      │           │            │
 *                                      │           ▼            │
 *                                      │        Stripes ◀───────┘        whose stripe; lending
 *                                      │           │
 *                                      │           ▼
 *                                      │        Stripe ──▶ Reserved      a lock; calls of the inner
 *                                      ▼           ▼
 *                                    Books ◀───────┘                     blocks, rings, figures
 *                                   │     │
 *                                   ▼     ▼
 *                         BlockIndex     SizeClasses                     look-up; arithmetic
 *                             ▼
 *                         SlotTable                                      hash table
 * </pre>
 *
 * <p>Each class calls downwards only. {@code Books} has no lock and never calls the inner. {@code
 * Reserved} counts what all stripes have from the inner. It and {@code Stripe} each are a {@code
 * BriefLock}, which is held for some tens of instructions. {@code FrontPadding} and {@code Padded}
 * keep what one thread writes away from other objects.
 *
 * <p>Glossary, beyond the words of the contract:
 *
 * <ul>
 *   <li><i>kept block</i>: a free block that was not given back to the inner, so that a malloc can
 *       reuse it.
 *   <li><i>held block</i>: a live block or a kept one.
 *   <li><i>size class</i>: the sizes that are served with blocks of one length.
 *   <li><i>length</i>: the bytes of a block that the user may use.
 *   <li><i>padding</i>: the bytes that are asked of the inner beyond the length, so that the
 *       address can be aligned by hand.
 *   <li><i>stripe</i>: a part of the blocks, with a lock and books of its own; a confined allocator
 *       has one, a shared one several.
 *   <li><i>allowance</i>: how many bytes a stripe may keep for the present.
 *   <li><i>slot</i>: the number under which a block stands in the arrays of {@code Books}.
 *   <li><i>stale index</i>: one whose last change was cut short by an error; it is made anew from
 *       the arrays before it is believed.
 * </ul>
 */
@NullMarked
package org.jallocator.large;

import org.jspecify.annotations.NullMarked;
