/** A bump arena. */
@NullMarked
package org.jallocator.arena;

import org.jspecify.annotations.NullMarked;
