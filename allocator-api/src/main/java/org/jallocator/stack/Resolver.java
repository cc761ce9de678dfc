package org.jallocator.stack;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jallocator.spi.AllocatorProvider.InnerLayer;
import org.jallocator.spi.Option;

/**
 * Makes blueprints of expressions: checks each node against what its provider declares, and follows
 * the named parts. Each part is checked once, however often it is used; its later uses count again
 * towards the limits.
 */
final class Resolver {

  private static final String HINT =
      "(An allocator is found if its jar is on the class path"
          + " and META-INF/services in that jar lists its provider.)";

  private final AllocatorProviders providers;
  private final Configuration configuration;
  private final Map<String, Blueprint> parts = new HashMap<>();
  private final Set<String> open = new LinkedHashSet<>();
  private int nodes;

  private Resolver(AllocatorProviders providers, Configuration configuration) {
    this.providers = providers;
    this.configuration = configuration;
  }

  /** {@return the blueprint of the stack that a source stands for} */
  static Blueprint.Use resolve(
      Source source, AllocatorProviders providers, Configuration configuration) {
    Expression root = Parser.parse(source);
    Blueprint.Use resolved = new Resolver(providers, configuration).use(root, 1);
    // Blanks and units can make the canonical text the longer one, and it must parse again.
    Limits.checkLength(
        new Source("the canonical form of " + source.origin(), resolved.expression()));
    return resolved;
  }

  private Blueprint.Use use(Expression node, int depth) {
    Blueprint layer = node.isReference() ? part(node, depth) : layer(node, depth);
    return new Blueprint.Use(node.isReference() ? node.name() : null, node.spot(), layer);
  }

  private Blueprint part(Expression reference, int depth) {
    String name = reference.name();
    Blueprint known = parts.get(name);
    if (known != null) {
      nodes += known.nodes();
      Limits.checkNodes(nodes, reference.spot());
      Limits.checkDepth(depth + known.height() - 1, reference.spot());
      return known;
    }
    Source source = configuration.part(name);
    if (source == null) {
      throw undefined(reference);
    }
    if (!open.add(name)) {
      throw cyclic(reference);
    }
    // A part that is nothing but another one adds no layer, but must not lengthen the chain for
    // ever.
    Limits.checkDepth(Math.max(depth, open.size()), reference.spot());
    Blueprint layer = use(Parser.parse(source), depth).layer();
    open.remove(name);
    parts.put(name, layer);
    return layer;
  }

  private Blueprint layer(Expression node, int depth) {
    nodes++;
    Limits.checkNodes(nodes, node.spot());
    Limits.checkDepth(depth, node.spot());
    Declaration declaration = providers.find(node.name());
    if (declaration == null) {
      throw unknown(node);
    }
    Map<Option<?>, Object> values = values(node, declaration);
    checkInners(node, declaration);
    List<Blueprint.Use> inners = new ArrayList<>();
    int count = 1;
    int height = 0;
    for (Expression inner : node.inners()) {
      Blueprint.Use use = use(inner, depth + 1);
      inners.add(use);
      count += use.layer().nodes();
      height = Math.max(height, use.layer().height());
    }
    return new Blueprint(node.spot(), declaration, values, List.copyOf(inners), count, height + 1);
  }

  private static Map<Option<?>, Object> values(Expression node, Declaration declaration) {
    Map<String, Expression.Assignment> written = new LinkedHashMap<>();
    Map<Option<?>, Object> read = new HashMap<>();
    for (Expression.Assignment assignment : node.assignments()) {
      Option<?> option = declaration.option(assignment.key().text());
      if (option == null) {
        throw unknownOption(assignment.key(), declaration);
      }
      Expression.Assignment first = written.putIfAbsent(option.name(), assignment);
      if (first != null) {
        throw twice(assignment.key(), first.key());
      }
      read.put(option, Values.read(option, assignment.value()));
    }
    written.values().forEach(assignment -> checkEffect(assignment.key(), read, declaration));
    Map<Option<?>, Object> values = new LinkedHashMap<>();
    for (Option<?> option : declaration.options()) {
      Object value = read.get(option);
      if (value != null) {
        values.put(option, value);
      }
    }
    return values;
  }

  private static void checkEffect(Token key, Map<Option<?>, Object> read, Declaration declaration) {
    Option<?> option = declaration.option(key.text());
    Option.Requirement<?> requirement = option == null ? null : option.requirement();
    if (requirement == null) {
      return;
    }
    Option<?> other = declaration.option(requirement.option().name());
    if (other == null) {
      return; // not so: the declaration was checked
    }
    Object value = read.getOrDefault(other, other.defaultValue());
    if (!value.equals(requirement.value())) {
      throw Problem.at(
              key.spot(),
              "Option "
                  + Problem.quoted(key.text())
                  + " of "
                  + Problem.quoted(declaration.name())
                  + " has no effect")
          .line(
              "Expected "
                  + assignment(other, requirement.value())
                  + " beside it, found "
                  + assignment(other, value)
                  + (read.containsKey(other) ? "." : " (the default)."))
          .exception();
    }
  }

  private static String assignment(Option<?> option, Object value) {
    return option.name() + "=" + Values.write(option, value);
  }

  private static void checkInners(Expression node, Declaration declaration) {
    List<InnerLayer> roles = declaration.innerLayers();
    int found = node.inners().size();
    if (found == roles.size()) {
      return;
    }
    boolean few = found < roles.size();
    Spot spot = few ? node.spot() : node.inners().get(roles.size()).spot();
    String names =
        roles.isEmpty()
            ? ""
            : roles.stream().map(InnerLayer::role).collect(Collectors.joining(", ", " (", ")"));
    String name = Problem.quoted(declaration.name());
    throw Problem.at(spot, (few ? "Too few" : "Too many") + " inner layers of " + name)
        .line("Expected " + roles.size() + names + ", found " + found + ".")
        .exception();
  }

  private RuntimeException unknown(Expression node) {
    String name = node.name();
    Set<String> names = new TreeSet<>(KnownModules.names());
    names.addAll(providers.names());
    String nearest = Nearest.to(name, names);
    Problem problem =
        Problem.at(node.spot(), "Unknown allocator " + Problem.quoted(name))
            .choices(name.equals(nearest) ? null : nearest, providers.names())
            .lines(providers.broken().stream().map(line -> "Not usable: " + line).toList());
    if (nearest == null) {
      problem.line(HINT);
    } else if (providers.find(nearest) == null) {
      problem.line(KnownModules.hint(nearest, providers));
    }
    return problem.exception();
  }

  private static RuntimeException unknownOption(Token key, Declaration declaration) {
    String name = Problem.quoted(declaration.name());
    return Problem.at(key.spot(), "Unknown option " + Problem.quoted(key.text()) + " of " + name)
        .choices(Nearest.to(key.text(), declaration.keys()), declaration.keys())
        .exception();
  }

  private static RuntimeException twice(Token key, Token first) {
    return Problem.at(key.spot(), "Option " + Problem.quoted(key.text()) + " stands twice")
        .line("Expected it once; the first is at column " + first.spot().column() + ".")
        .exception();
  }

  private RuntimeException undefined(Expression reference) {
    List<String> names = new ArrayList<>();
    configuration.parts().forEach(name -> names.add("@" + name));
    return Problem.at(reference.spot(), "Undefined part " + Problem.quoted(reference.spot().text()))
        .choices(Nearest.to(reference.spot().text(), names), names)
        .line(
            "(A part is defined by a system property or a line in a properties file: "
                + Configuration.PART
                + reference.name()
                + "=...)")
        .exception();
  }

  private RuntimeException cyclic(Expression reference) {
    List<String> names = new ArrayList<>(open);
    List<String> cycle = names.subList(names.indexOf(reference.name()), names.size());
    return Problem.at(
            reference.spot(),
            "Part " + Problem.quoted(reference.spot().text()) + " is a part of itself")
        .line(
            "Expected no cycle, found @"
                + String.join(" -> @", cycle)
                + " -> @"
                + reference.name()
                + ".")
        .exception();
  }
}
