/** Leaves that count what reaches C. They stand in the place of {@code jna}. */
@NullMarked
package org.jallocator.bench.counting;

import org.jspecify.annotations.NullMarked;
