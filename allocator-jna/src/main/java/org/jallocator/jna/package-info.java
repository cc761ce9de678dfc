/** The leaf on the C library, and the surface for JNA users. */
@NullMarked
package org.jallocator.jna;

import org.jspecify.annotations.NullMarked;
