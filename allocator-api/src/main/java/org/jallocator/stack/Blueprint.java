package org.jallocator.stack;

import java.util.List;
import java.util.Map;
import org.jallocator.spi.Option;
import org.jspecify.annotations.Nullable;

/**
 * A layer that was checked and not built yet. Two uses of a named part hold the same blueprint, and
 * so become the same layer.
 *
 * @param spot where its provider is named
 * @param declaration what its provider declared
 * @param values the values of the options that were configured, in the order declared
 * @param inners the layers below, in the order of their roles
 * @param nodes how many layers there are from here down, each counted as often as it is used
 * @param height how many layers there are from here down to the deepest leaf
 */
record Blueprint(
    Spot spot,
    Declaration declaration,
    Map<Option<?>, Object> values,
    List<Use> inners,
    int nodes,
    int height) {

  /**
   * A layer in its place below another, or at the root.
   *
   * @param part the name of the part by which it is referred to; null iff it is written in place
   * @param spot where that is written
   * @param layer the layer
   */
  record Use(@Nullable String part, Spot spot, Blueprint layer) {

    /** {@return the canonical expression} */
    String expression() {
      return part == null ? layer.expression() : "@" + part;
    }
  }

  /** {@return the canonical expression of this layer and all below} */
  String expression() {
    StringBuilder expression = options();
    for (Use inner : inners) {
      expression.append(expression.isEmpty() ? "" : ", ").append(inner.expression());
    }
    return enclosed(expression);
  }

  /** {@return the canonical expression of this layer alone} */
  String title() {
    return enclosed(options());
  }

  private StringBuilder options() {
    StringBuilder options = new StringBuilder();
    values.forEach(
        (option, value) ->
            options
                .append(options.isEmpty() ? "" : ", ")
                .append(option.name())
                .append('=')
                .append(Values.write(option, value)));
    return options;
  }

  private String enclosed(StringBuilder arguments) {
    return arguments.isEmpty() ? declaration.name() : declaration.name() + "(" + arguments + ")";
  }
}
