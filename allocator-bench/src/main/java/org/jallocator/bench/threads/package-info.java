/**
 * Workloads of several threads.
 *
 * <pre>
 *   ThreadsCommand -&gt; ThreadsMeasurement -&gt; ThreadsFork  . . stdin, stdout . .  ThreadsWorker -&gt; ThreadWorkload
 *                                                                           (or the C program)
 * </pre>
 */
@NullMarked
package org.jallocator.bench.threads;

import org.jspecify.annotations.NullMarked;
