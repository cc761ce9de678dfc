/** What changed between two runs, from the files that {@code --json} wrote. */
@NullMarked
package org.jallocator.bench.compare;

import org.jspecify.annotations.NullMarked;
