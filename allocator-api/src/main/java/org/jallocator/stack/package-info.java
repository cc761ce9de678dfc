/** Stacks of allocators, built from one line of configuration. */
@NullMarked
package org.jallocator.stack;

import org.jspecify.annotations.NullMarked;
