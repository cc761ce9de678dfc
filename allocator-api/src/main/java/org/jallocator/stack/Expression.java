package org.jallocator.stack;

import java.util.List;

/**
 * A node of the tree that a text stands for, before anything is known about allocators.
 *
 * @param spot where its name stands; with the {@code @} of a reference
 * @param name the name of an allocator, or of the part that is referred to
 * @param isReference whether it is {@code @name}; then it has neither assignments nor inner nodes
 * @param assignments the options in the order written
 * @param inners the inner nodes in the order written
 */
record Expression(
    Spot spot,
    String name,
    boolean isReference,
    List<Assignment> assignments,
    List<Expression> inners) {

  Expression {
    assignments = List.copyOf(assignments);
    inners = List.copyOf(inners);
  }

  /**
   * An option as written.
   *
   * @param key the word before the equals sign
   * @param value the word, number or text after it
   */
  record Assignment(Token key, Token value) {}
}
