/** Fixed blocks, and fallback from one allocator to another. */
@NullMarked
package org.jallocator.fixedblock;

import org.jspecify.annotations.NullMarked;
