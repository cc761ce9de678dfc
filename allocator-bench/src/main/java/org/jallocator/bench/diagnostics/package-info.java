/** What the diagnostic layers cost. */
@NullMarked
package org.jallocator.bench.diagnostics;

import org.jspecify.annotations.NullMarked;
