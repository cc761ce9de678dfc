/** Several stacks side by side in one JVM, beside each alone. */
@NullMarked
package org.jallocator.bench.mixed;

import org.jspecify.annotations.NullMarked;
