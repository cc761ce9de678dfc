/** Processes and threads that measure, and how they take turns. */
@NullMarked
package org.jallocator.bench.run;

import org.jspecify.annotations.NullMarked;
