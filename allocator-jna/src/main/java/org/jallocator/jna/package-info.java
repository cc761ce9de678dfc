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
 * <p>The conventions and the phrases of thread safety are those of {@code org.jallocator}.
 */
@NullMarked
package org.jallocator.jna;

import org.jspecify.annotations.NullMarked;
