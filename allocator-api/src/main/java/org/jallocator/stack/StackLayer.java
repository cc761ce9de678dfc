package org.jallocator.stack;

import org.jallocator.Allocator;

/**
 * One layer of an open or closed {@link AllocatorStack}, for reports. Immutable.
 *
 * @param path its place: {@code 0} for the root, {@code 0.1} for the root's second inner layer; of
 *     a named part the first place, from the root down and from left to right
 * @param type the name of its provider, such as {@code fixedblock}
 * @param expression the canonical expression of this layer without those below, such as {@code
 *     fixedblock(blockSize=64)}
 * @param allocator the allocator
 */
public record StackLayer(String path, String type, String expression, Allocator allocator) {}
