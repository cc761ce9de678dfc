/** The contract: what every allocator promises, and how it says no. */
@NullMarked
package org.jallocator;

import org.jspecify.annotations.NullMarked;
