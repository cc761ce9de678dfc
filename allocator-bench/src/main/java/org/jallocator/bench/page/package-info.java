/** Pictures of results, on a page that needs nothing but itself. */
@NullMarked
package org.jallocator.bench.page;

import org.jspecify.annotations.NullMarked;
