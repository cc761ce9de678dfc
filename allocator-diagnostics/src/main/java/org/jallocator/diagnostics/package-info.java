/**
 * Layers that tell: what is live, who allocated it, who overran it, and what was asked.
 *
 * <p>Each layer is an {@code Allocator} over an inner one. To the right is what a class is for.
 *
 * <pre>
 *   all layers   DiagnosticAllocator            the inner, the owner thread, what is passed on
 *                StrandedBlocks                 blocks that wait to go back to the inner
 *                Arena..., Owning...            the layer over an arena, over an owning inner
 *                ...Provider                    its name and its options
 *
 *   stats        StatsAllocator                 the hot half: malloc, free
 *                TalliedAllocator               the cold half: sums, close
 *                Tallies                        which thread has which tally
 *                TallySums                      figures of all; peaks, push, pop
 *                Tally                          what an owner and other threads do at the same time
 *                  TallyBlocks, TallyCounts     its superclasses: blocks and sizes; counts and peak
 *                SizeTable, RemoteFrees         tables of a tally
 *
 *   the others   BookedAllocator                malloc, free and close with books of all live blocks
 *                Books, Block                   the live blocks by address
 *                Scopes, Marks                  freeAll and marks of an arena
 *   tracked      TrackedAllocator, Sites        where blocks were allocated and freed
 *   guarded      GuardedAllocator               what is done with a block, and when it is checked
 *                Guards, Fences, PageFences     how an overrun is found
 *                Quarantine                     freed blocks that are held back
 *                Findings, GuardReport          what is found, as exceptions; as a file
 *   limit, log, failing                         LimitAllocator, LogAllocator, FailingAllocator
 * </pre>
 *
 * <p>Follow one malloc and one free of {@code stats}, and one free of a booked layer:
 *
 * <pre>
 *   StatsAllocator.malloc -> serveShared -> Tally.enter                   no lock, no atomic
 *     -> TallyBlocks.makeRoom -> the inner's malloc -> TallyBlocks.add -> TallyCounts.countMalloc
 *     -> serveSlow -> Tallies.enter -> Tally.collect                      if there is more to do
 *
 *   StatsAllocator.free -> freeShared -> Tally.enter, TallyBlocks.take -> the inner's free
 *     -> freeSlow -> release -> Tallies.holderOf                          another thread's block
 *       -> Tally.freeRemotely -> the inner's free -> Tally.freedRemotely
 *
 *   BookedAllocator.free -> release
 *     -> note, beginFree, leaving -> give -> the inner's free -> left
 * </pre>
 *
 * <p>Words, beside those that every allocator paper has:
 *
 * <dl>
 *   <dt>tally
 *   <dd>the counts and the blocks of one thread; the common tally is that of all threads that have
 *       none of their own
 *   <dt>share
 *   <dd>what one tally adds to the blocks or bytes that are live; may be less than 0
 *   <dt>remote free
 *   <dd>a free by another thread than the owner of the tally that has the block
 *   <dt>collect
 *   <dd>to take blocks that were freed remotely out of the table of a tally
 *   <dt>revoke
 *   <dd>to keep all threads from calls, for a moment or for good
 *   <dt>serial
 *   <dd>the number of a block in the order of mallocs; the end of a scope ends all later ones
 *   <dt>stranded block
 *   <dd>a block that a layer took from the inner and could not enter
 *   <dt>raw
 *   <dd>where the memory of a block begins that the inner has handed out; its fences included
 * </dl>
 */
@NullMarked
package org.jallocator.diagnostics;

import org.jspecify.annotations.NullMarked;
