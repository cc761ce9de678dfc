/** What a real program asked of its allocator: the format, and how it is read. */
@NullMarked
package org.jallocator.bench.trace;

import org.jspecify.annotations.NullMarked;
