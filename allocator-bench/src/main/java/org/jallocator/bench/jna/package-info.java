/** What JNA's users hold, beside what this project offers them for it. */
@NullMarked
package org.jallocator.bench.jna;

import org.jspecify.annotations.NullMarked;
