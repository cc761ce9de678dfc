/** Layers that tell: what is live, who allocated it, who overran it, and what was asked. */
@NullMarked
package org.jallocator.diagnostics;

import org.jspecify.annotations.NullMarked;
