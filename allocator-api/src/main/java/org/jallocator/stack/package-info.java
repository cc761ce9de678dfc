/**
 * Stacks of allocators, built from one line of configuration.
 *
 * <pre>
 *   Configuration   where the text is: system property, environment, files
 *   Source          the text, with the name of its place
 *   Lexer, Parser   tokens, then an Expression
 *   Resolver        names become providers, options become values: a Blueprint
 *   StackBuilder    asks each provider for its allocator, leaves first: a tree of Layers
 *   ClosingOrder    closes them, from the root down
 * </pre>
 *
 * <p>Each step reports a {@link org.jallocator.AllocatorConfigException} with its place in the text
 * (Problem).
 */
@NullMarked
package org.jallocator.stack;

import org.jspecify.annotations.NullMarked;
