package org.jallocator.stack;

import static java.util.Map.entry;

import java.util.Collection;
import java.util.Map;

/**
 * Names the Maven module of this project that has an allocator, for a message about one that was
 * not found. Nothing is built from this: providers alone say what there is.
 */
final class KnownModules {

  /** The names of allocators, each with the last part of its module's and its package's name. */
  private static final Map<String, String> MODULES =
      Map.ofEntries(
          entry("jna", "jna"),
          entry("library", "jna"),
          entry("fixedblock", "fixedblock"),
          entry("sizeclass", "fixedblock"),
          entry("fallback", "fixedblock"),
          entry("arena", "arena"),
          entry("large", "large"),
          entry("stats", "diagnostics"),
          entry("tracked", "diagnostics"),
          entry("guarded", "diagnostics"),
          entry("limit", "diagnostics"),
          entry("failing", "diagnostics"),
          entry("log", "diagnostics"),
          entry("jfr", "metrics"));

  private KnownModules() {}

  /** {@return the names of the allocators whose module is known, in no order} */
  static Collection<String> names() {
    return MODULES.keySet();
  }

  /**
   * {@return one line that says where an allocator comes from, and why it may not have been found}
   *
   * @param name one of {@link #names}
   * @param providers what was found
   */
  static String hint(String name, AllocatorProviders providers) {
    String module = MODULES.get(name);
    String from =
        Problem.quoted(name) + " comes with the Maven module org.jallocator:allocator-" + module;
    String home = "org.jallocator." + module + ".";
    if (providers.broken().stream().anyMatch(line -> line.contains(home))) {
      return from + ".";
    }
    // Every package of ours has an annotated package-info, and so a class file of that name.
    if (providers.canSee(home.replace('.', '/') + "package-info.class")) {
      return from
          + ". Its classes are there, but META-INF/services does not list its provider:"
          + " a fat jar must merge these files"
          + " (maven-shade-plugin: ServicesResourceTransformer; Gradle Shadow: mergeServiceFiles()).";
    }
    return from + ", which is not on the class path: add it, in the version of your allocator-api.";
  }
}
