/**
 * What the author of an allocator implements and uses.
 *
 * <ul>
 *   <li>To be found by name: {@link org.jallocator.spi.AllocatorProvider}, its {@link
 *       org.jallocator.spi.Option}s, and the {@link org.jallocator.spi.AllocatorSettings} that it
 *       is given.
 *   <li>To keep the contract: {@link org.jallocator.spi.AllocatorErrors} makes its errors, {@link
 *       org.jallocator.spi.StackRoom} throws a stack overflow before the first change, {@link
 *       org.jallocator.spi.StackChecked} says that all calls of a layer do so, {@link
 *       org.jallocator.spi.Failures} joins what several calls of the inner threw, {@link
 *       org.jallocator.spi.Waiting} waits for another thread, {@link org.jallocator.spi.Turns} lets
 *       other threads in between two tries to close, {@link org.jallocator.spi.OwnerFence} lets a
 *       thread enter what it owns without an atomic instruction, {@link
 *       org.jallocator.spi.AllocatorEvents} passes events to each {@link
 *       org.jallocator.spi.AllocatorListener}.
 *   <li>To show figures: {@link org.jallocator.spi.CallCounts} and {@link
 *       org.jallocator.spi.MemoryLimit}, implemented beside {@link org.jallocator.Allocator}.
 *   <li>What allocator-jna provides to all layers: {@link org.jallocator.spi.NativeAccess} reads
 *       and writes native memory, {@link org.jallocator.spi.ProcessFence} is a fence for all
 *       threads.
 * </ul>
 */
@NullMarked
package org.jallocator.spi;

import org.jspecify.annotations.NullMarked;
