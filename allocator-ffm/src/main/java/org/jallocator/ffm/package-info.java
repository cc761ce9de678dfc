/** Arenas of {@code java.lang.foreign} on stacks of allocators. */
@NullMarked
package org.jallocator.ffm;

import org.jspecify.annotations.NullMarked;
