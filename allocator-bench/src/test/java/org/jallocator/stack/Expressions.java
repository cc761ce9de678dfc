package org.jallocator.stack;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Resolves expressions as a stack would, and builds nothing: no library is loaded. */
public final class Expressions {

  private Expressions() {}

  /**
   * Resolves an expression.
   *
   * @param expression the text
   * @param properties what is defined: {@code allocator.def.NAME} for {@code @NAME}
   * @throws org.jallocator.AllocatorConfigException if it is wrong
   */
  public static void resolve(String expression, Map<String, String> properties) {
    List<ClassLoader> loaders = AllocatorProviders.loaders();
    Environment environment = new Environment(new TreeMap<>(properties), Map.of());
    Resolver.resolve(
        new Source("the documentation", expression),
        AllocatorProviders.load(loaders),
        new Configuration(environment, loaders));
  }

  /** {@return the names of all layers of this project} */
  public static List<String> names() {
    return List.copyOf(KnownModules.names());
  }
}
