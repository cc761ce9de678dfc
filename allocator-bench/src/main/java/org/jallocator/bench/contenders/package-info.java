/**
 * What is measured: stacks of this project, and the allocators of others, each called as its users
 * call it.
 */
@NullMarked
package org.jallocator.bench.contenders;

import org.jspecify.annotations.NullMarked;
