package org.jallocator.bench;

/**
 * What the replay of one trace on one stack came to.
 *
 * @param trace the trace
 * @param stack the stack's canonical expression
 * @param nanosPerOperation the median over the rounds, in nanoseconds for one malloc or one free
 * @param ratioToJna that median, in jna's medians on the same trace in the same run
 * @param footprint what the stack took from C
 */
record ReplayResult(
    Trace trace, String stack, double nanosPerOperation, double ratioToJna, Footprint footprint) {}
