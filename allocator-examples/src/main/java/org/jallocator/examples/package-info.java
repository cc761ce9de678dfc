/**
 * Runnable examples, to copy from.
 *
 * <pre>
 *   LibcExample        -> Libc      arrays, strings and structures handed to C
 *   ZlibExample        -> Zlib      zlib's own memory, and its buffers, from one stack
 *   SqliteExample      -> Sqlite    SQLite's own memory from a stack, an arena for each row
 *   DiagnosisExample                a bug or a question for each layer of allocator-diagnostics
 * </pre>
 *
 * <p>To the right of an arrow are declarations of the C library for JNA.
 */
@NullMarked
package org.jallocator.examples;

import org.jspecify.annotations.NullMarked;
