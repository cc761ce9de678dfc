/**
 * Providers to be found by a class loader of a test's own: they are in no list of services, so that
 * no other test sees them.
 */
@NullMarked
package org.jallocator.stack.found;

import org.jspecify.annotations.NullMarked;
