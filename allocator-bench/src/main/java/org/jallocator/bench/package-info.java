/** The bench: trace replay, the reference benchmarks and JMH. */
@NullMarked
package org.jallocator.bench;

import org.jspecify.annotations.NullMarked;
