package org.jallocator.stack;

import java.io.IOException;
import java.net.URL;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds the texts that configure a stack. Each name is looked up by itself, in this order:
 *
 * <ol>
 *   <li>the system property,
 *   <li>the environment variable {@value #VARIABLE}, for {@value #STACK} alone,
 *   <li>the file named by the system property {@value #FILE},
 *   <li>the one file {@value #RESOURCE} at the root of the class path,
 *   <li>what is predefined: {@link #DEFAULT} for a stack, {@link #PREDEFINED} for a part.
 * </ol>
 *
 * <p>A stack that has a name is looked up by {@code allocator.stack.NAME} and then by {@value
 * #STACK}, both in one place before the next. A place is not looked at while a higher one answers.
 * Confined to the thread that opens a stack.
 */
final class Configuration {

  static final String STACK = "allocator.stack";
  static final String PART = "allocator.def.";
  static final String VARIABLE = "ALLOCATOR_STACK";
  static final String FILE = "allocator.config";
  static final String RESOURCE = "allocator.properties";

  /** What is opened if nothing is configured. */
  static final Source DEFAULT = new Source("the default, for nothing is configured", "jna");

  /** The name of the part that is predefined. */
  static final String GENERAL = "general";

  /** A stack for all sizes and all threads that checks every free. */
  static final Source PREDEFINED =
      new Source(
          "the predefined part '@" + GENERAL + "'",
          "fallback(sizeclass(shared=true, jna), large(shared=true, jna))");

  private final Environment environment;
  private final List<ClassLoader> loaders;
  private @Nullable PropertiesFile namedFile;
  private @Nullable PropertiesFile resource;

  /**
   * @param environment what the process was started with
   * @param loaders the class loaders to look for the resource in; the first that has it is taken
   */
  Configuration(Environment environment, List<ClassLoader> loaders) {
    this.environment = environment;
    this.loaders = loaders;
  }

  /** {@return the text of the stack of a name, or of the one without a name} */
  Source stack(@Nullable String name) {
    Source source = lookUp(name == null ? List.of(STACK) : List.of(STACK + "." + name, STACK));
    return source == null ? DEFAULT : source;
  }

  /** {@return the text that is configured for that very name; if there is none, another} */
  Source stackOr(String name, String otherwise) {
    Source source = lookUp(List.of(STACK + "." + name));
    return source == null ? new Source("the default of stack '" + name + "'", otherwise) : source;
  }

  private @Nullable Source lookUp(List<String> keys) {
    Source source = first(keys, this::property);
    if (source == null) {
      source = first(keys, this::variable);
    }
    return source == null ? inFiles(keys) : source;
  }

  /** {@return the text of a named part; null iff there is none of that name} */
  @Nullable Source part(String name) {
    Source source = property(PART + name);
    if (source == null) {
      source = inFiles(List.of(PART + name));
    }
    return source == null && name.equals(GENERAL) ? PREDEFINED : source;
  }

  /** {@return the names of all parts that can be referred to, in order} */
  List<String> parts() {
    return Stream.of(environment.properties(), namedFile().entries(), resource().entries())
        .flatMap(entries -> entries.keySet().stream())
        .filter(key -> key.startsWith(PART))
        .map(key -> key.substring(PART.length()))
        .filter(name -> Parser.NAME.matcher(name).matches())
        .collect(Collectors.toCollection(() -> new TreeSet<>(Set.of(GENERAL))))
        .stream()
        .toList();
  }

  private @Nullable Source property(String key) {
    String text = environment.properties().get(key);
    return text == null ? null : new Source("system property '" + key + "'", text);
  }

  /** {@return the text of the variable that stands for a key: capitals, and underscores} */
  private @Nullable Source variable(String key) {
    String name = key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    String text = environment.variables().get(name);
    return text == null ? null : new Source("environment variable '" + name + "'", text);
  }

  private @Nullable Source inFiles(List<String> keys) {
    Source source = first(keys, namedFile()::source);
    return source == null ? first(keys, resource()::source) : source;
  }

  private static @Nullable Source first(
      List<String> keys, Function<String, @Nullable Source> place) {
    for (String key : keys) {
      Source source = place.apply(key);
      if (source != null) {
        return source;
      }
    }
    return null;
  }

  private PropertiesFile namedFile() {
    if (namedFile == null) {
      String path = environment.properties().get(FILE);
      if (path != null && path.isBlank()) {
        throw Problem.of("Empty text in system property '" + FILE + "'")
            .line("Expected the path of a properties file.")
            .exception();
      }
      namedFile = path == null ? PropertiesFile.NONE : PropertiesFile.read(path);
    }
    return namedFile;
  }

  private PropertiesFile resource() {
    if (resource == null) {
      resource = firstResource();
    }
    return resource;
  }

  private PropertiesFile firstResource() {
    for (ClassLoader loader : loaders) {
      PropertiesFile found = resource(loader);
      if (!found.entries().isEmpty()) {
        return found;
      }
    }
    return PropertiesFile.NONE;
  }

  private static PropertiesFile resource(ClassLoader loader) {
    List<URL> urls;
    try {
      urls = Collections.list(loader.getResources(RESOURCE));
    } catch (IOException e) {
      throw Problem.of("Cannot look for " + RESOURCE + " on the class path: " + e).exception(e);
    }
    // By text: the equality of URLs would look up hosts.
    Map<String, URL> distinct = new LinkedHashMap<>();
    urls.forEach(url -> distinct.put(url.toString(), url));
    if (distinct.size() > 1) {
      throw Problem.of("More than one " + RESOURCE + " on the class path:")
          .lines(distinct.keySet().stream().map(url -> "  " + url).toList())
          .line("Expected one: remove the others, or name a file by -D" + FILE + ".")
          .exception();
    }
    return urls.isEmpty() ? PropertiesFile.NONE : PropertiesFile.read(urls.get(0));
  }
}
