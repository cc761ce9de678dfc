/** The same calls made from C: the program, the allocators that it runs on, and their rows. */
@NullMarked
package org.jallocator.bench.natives;

import org.jspecify.annotations.NullMarked;
