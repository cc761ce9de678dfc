/**
 * The leaf on the C library, and the surface for JNA users.
 *
 * <pre>
 *   NativeScope, AllocatorMemory, StringArguments,         what a program uses
 *   AllocatorCallbacks, AllocatorByteBuffers, NativeCopy
 *       |
 *   any Allocator, often a stack                           where the memory comes from
 *       |
 *   DefaultAllocator, LibraryAllocator                     the bottom of the stack
 *       |
 *   malloc and free of C, or of another C library
 *
 *   JnaNativeAccess, JnaProcessFence                       what layers of other modules use, by
 *                                                          NativeAccess and ProcessFence of the SPI
 * </pre>
 *
 * <ul>
 *   <li>{@link org.jallocator.jna.NativeScope}: all that a call into C needs, freed at a brace.
 *   <li>{@link org.jallocator.jna.AllocatorMemory}: a block as JNA's {@code Memory}, for what lives
 *       longer than a call.
 *   <li>{@link org.jallocator.jna.StringArguments}: the String arguments of an interface-mapped
 *       library.
 *   <li>{@link org.jallocator.jna.AllocatorCallbacks}: an allocator handed to C, in place of malloc
 *       and free.
 *   <li>{@link org.jallocator.jna.AllocatorByteBuffers}: direct byte buffers that are freed by
 *       hand.
 *   <li>{@link org.jallocator.jna.NativeCopy}: text and bytes copied for C, one block each.
 *   <li>{@link org.jallocator.jna.DefaultAllocator} and {@link
 *       org.jallocator.jna.LibraryAllocator}: the leaves {@code jna} and {@code library}.
 * </ul>
 *
 * <p>Behind them, package-private, each line for one of these:
 *
 * <pre>
 *   leaves       CAllocator, AlignedHeap          what both have in common; aligned blocks
 *                BoundLibrary, LibraryCalls       a library that is loaded; its functions, bound
 *                ...Provider                      names and options
 *   scopes       ScopeValues, ScopeRegion         values for C; the chunks of a scope
 *                StructType, NestedOnNull         how structures are made on given memory
 *                ReferenceRing(s), Reference...,  by-references that scopes lend
 *                OwnReference
 *   memory       CheckedMemory                    a Memory that JNA did not allocate
 *                MemoryView, ScopeMemory          a view of one; one of a scope
 *   callbacks    CallbackHeap, BlockSizes         C's malloc and realloc over an allocator
 *                CallbackSignatures               how C calls them
 *   buffers      BufferWindows, BufferTable       direct buffers on addresses; which are out
 *   access       Pages, Barrier                   pages of the system; barriers of the system
 *   all          Jna, CFunctions, PerClass        JNA as it must be; functions on bytes; a cache
 * </pre>
 *
 * <p>The conventions and the phrases of thread safety are those of {@code org.jallocator}.
 */
@NullMarked
package org.jallocator.jna;

import org.jspecify.annotations.NullMarked;
