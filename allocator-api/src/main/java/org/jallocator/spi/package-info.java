/** What the author of an allocator implements and uses. */
@NullMarked
package org.jallocator.spi;

import org.jspecify.annotations.NullMarked;
