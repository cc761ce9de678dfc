/** Runnable examples: libc, zlib and SQLite over stacks of allocators. */
@NullMarked
package org.jallocator.examples;

import org.jspecify.annotations.NullMarked;
