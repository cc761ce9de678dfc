/**
 * The contract: what every allocator promises, and its errors.
 *
 * <p>Conventions, here and in all modules of this project:
 *
 * <ul>
 *   <li>An address is a native address as a {@code long}, compared as unsigned. NULL is 0.
 *   <li>Sizes are in bytes. An alignment is a power of two.
 *   <li>An allocator in a stack is a layer. The inner of a layer is the allocator that it takes its
 *       memory from; the pages of docs/ call it the layer below. A leaf is a layer without an
 *       inner.
 *   <li>A block is what malloc hands out. A page or a chunk is memory that a layer takes from its
 *       inner allocator. Live bytes are in the hands of the user; reserved bytes are what a layer
 *       holds from its inner.
 *   <li>A confined allocator may be used only by its owner thread, a shared one by any thread. An
 *       owning one can tell its own memory from that of others.
 *   <li>The books of a layer are what it records about its blocks and pages, on the Java heap.
 *   <li>Thread safety is one of three: "Confined to its owner thread"; "Shared, never blocks";
 *       "Shared, may block".
 *   <li>The message of an error reads {@code layer: rule: name=value, limit=value}. Sizes are
 *       decimal, addresses are hexadecimal with {@code 0x}.
 * </ul>
 */
@NullMarked
package org.jallocator;

import org.jspecify.annotations.NullMarked;
