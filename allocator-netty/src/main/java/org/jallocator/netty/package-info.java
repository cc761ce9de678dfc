/** Netty's direct buffers from stacks of allocators. */
@NullMarked
package org.jallocator.netty;

import org.jspecify.annotations.NullMarked;
