/** The conformance suite that every allocator runs, and the tools it is made of. */
@NullMarked
package org.jallocator.testkit;

import org.jspecify.annotations.NullMarked;
