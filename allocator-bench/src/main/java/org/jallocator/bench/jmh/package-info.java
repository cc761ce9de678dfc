/** The Java Microbenchmark Harness, and its own command line. */
@NullMarked
package org.jallocator.bench.jmh;

import org.jspecify.annotations.NullMarked;
