/**
 * Fixed blocks, size classes, and fallback from one allocator to another.
 *
 * <p>Five storeys. To the right is what a class is for. Calls go down or stay on a storey. Three
 * fields point up: a page has its pool and its heap, and a pool its heap, so that a free finds
 * both. Page does not call them, but that the empty page makes an empty pool.
 *
 * <pre>
 *   public       FixedBlockAllocator, SizeClassAllocator     documentation, create, builder
 *                FallbackAllocator, OwningFallbackAllocator  two allocators as one
 *                ...Provider, PagedBuilder, PageRules        configuration
 *   allocators   Confined..., Shared...(FixedBlocks, SizeClasses)   the hot half: malloc, free
 *                ConfinedAllocator, SharedAllocator          the cold half: whose the pools are
 *                PagedAllocator                              the contract
 *                PlainFallback, OwningFallback               the hot half of a fallback
 *                FallbackClasses                             copies of these, one for each shape
 *                ColdCalls                                   calls out of line
 *                HeapPages                                   pages between the heaps and the inner
 *                HeapSet, HeapHints                          which thread uses which heap
 *                HeapOwner                                   how an owner enters, how another revokes
 *                Heap, PagesToCollect, FreedTwice            one heap; remote frees
 *                Rehearsal                                   first calls, before the stack can end
 *                FallbackCalls, CallGate, FallbackFigures    calls in progress; what leaks
 *   pools        SinglePool, BlockPool                       blocks of one size: refill, release
 *                ActiveWord, Magazine                        what is handed out next
 *   pages        Page, RemoteFrees, PageLayout, PageSet      memory cut into blocks, and its bits
 *                PageTable, PageSource                       address to page; the calls of the inner
 *   arithmetic   BitTree, SizeClasses, ExactDivision
 *                FrontPadding, Padded                        room around what one thread writes
 * </pre>
 *
 * <p>Follow one malloc of a shared allocator, and one free:
 *
 * <pre>
 *   SharedSizeClasses.malloc
 *     mallocHot -> ownerOf -> HeapOwner.take -> Heap.take                   no lock, no atomic
 *     mallocCold -> PagedAllocator.mallocSlow -> SharedAllocator.takeSlow
 *       -> Heap.takeSlow -> BlockPool.refill                                once in 32 or 64 blocks
 *                        -> collect                          if no page has another, or it is time
 *       -> HeapPages.takeOfNew -> PageSource.take -> the inner              once a page
 *
 *   SharedSizeClasses.free
 *     freeHot -> ownerOf -> HeapOwner.free -> Heap.free                     the block handed out last
 *                                          -> PageTable.guess, BlockPool.free
 *     freeRemotely -> freeOutside -> Heap.freeRemotely -> RemoteFrees.add   another thread's heap
 *     freeCold -> SharedAllocator.tryFreeSlow
 *       -> freeInside  -> Heap.freeSlow -> BlockPool.freeSlow               the thread's own heap
 *       -> freeOutside                                                      a heap that is in use
 * </pre>
 *
 * <p>Words, beside those that every allocator paper has:
 *
 * <dl>
 *   <dt>active word
 *   <dd>the 64 blocks that a pool is handing out at the moment; its bits are in fields of the pool
 *   <dt>magazine
 *   <dd>a stack of free blocks that a pool hands out in place of an active word, while free blocks
 *       are scattered
 *   <dt>run word
 *   <dd>the word of the last slow free of a single pool; its bits are in fields, too
 *   <dt>full, all-free
 *   <dd>a word, page or pool without a free block; without a live block
 *   <dt>heap
 *   <dd>one pool per size class, used by one thread at a time; owned by a platform thread, or
 *       common
 *   <dt>ownership
 *   <dd>the object by which a thread enters its heap ({@code HeapOwner})
 *   <dt>hint
 *   <dd>the ownership that is most likely a thread's, by the thread's number; it is checked
 *   <dt>revoke
 *   <dd>to take a heap from its owner for a moment, or for good
 *   <dt>orphan
 *   <dd>a heap without an owner, be it common or left by a thread that has ended
 *   <dt>tidy
 *   <dd>to give back all-free pages of a heap whose owner is idle
 *   <dt>gate
 *   <dd>where the calls of a fallback enter and leave, so that closing waits for those in progress
 *       ({@code CallGate})
 *   <dt>remote free
 *   <dd>a free by a thread that does not work on the block's heap at that moment
 *   <dt>collect
 *   <dd>to move remote frees into the page's own bitmap
 *   <dt>hot, slow, cold
 *   <dd>in a few instructions; all of it; the slow method called out of line
 * </dl>
 *
 * <p>Conventions. Sizes are in bytes, addresses are unsigned. "Confined to its owner thread": other
 * threads are refused, until the owner has ended. "Shared, never blocks" and "Shared, may block":
 * any thread may call. A method whose name ends in {@code Hot} changes nothing if it does not
 * serve. No method is called between the first and the last store of a change of the books, or
 * {@link org.jallocator.spi.StackRoom} was asked for room before: a stack overflow cannot fall
 * between.
 */
@NullMarked
package org.jallocator.fixedblock;

import org.jspecify.annotations.NullMarked;
