/**
 * The benchmarks of cgoalloc, the Go library that is this project's reference, beside its published
 * figures.
 */
@NullMarked
package org.jallocator.bench.cgoalloc;

import org.jspecify.annotations.NullMarked;
