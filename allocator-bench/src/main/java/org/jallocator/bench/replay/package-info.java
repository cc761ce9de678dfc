/**
 * Traces, replayed: {@code replay} makes the calls alone, {@code large} writes to the blocks too.
 *
 * <pre>
 *   ReplayCommand, LargeCommand -&gt; ReplayMeasurement -&gt; ReplayFork  . . stdin, stdout . .  ReplayWorker -&gt; Replay
 *                                -&gt; Footprint                                              (or the C program)
 * </pre>
 */
@NullMarked
package org.jallocator.bench.replay;

import org.jspecify.annotations.NullMarked;
