package org.jallocator.stack;

import java.io.IOException;
import java.net.URL;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where the texts are that configure a stack. Each name is looked up by itself, in this order:
 *
 * <ol>
 *   <li>the system property,
 *   <li>the environment variable {@value #VARIABLE}, for {@value #STACK} alone,
 *   <li>the file named by the system property {@value #FILE},
 *   <li>the one file {@value #RESOURCE} at the root of the class path.
 * </ol>
 *
 * <p>A place is not looked at while a higher one answers. Confined to the thread that opens a
 * stack.
 */
final class Configuration {

  static final String STACK = "allocator.stack";
  static final String PART = "allocator.def.";
  static final String VARIABLE = "ALLOCATOR_STACK";
  static final String FILE = "allocator.config";
  static final String RESOURCE = "allocator.properties";

  /** What is opened where nothing is configured. */
  static final Source DEFAULT = new Source("the default, for nothing is configured", "jna");

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

  /** Returns the text of the stack. */
  Source stack() {
    Source source = property(STACK);
    String variable = environment.variables().get(VARIABLE);
    if (source == null && variable != null) {
      source = new Source("environment variable '" + VARIABLE + "'", variable);
    }
    if (source == null) {
      source = inFiles(STACK);
    }
    return source == null ? DEFAULT : source;
  }

  /** Returns the text of a named part; null iff there is none of that name. */
  @Nullable Source part(String name) {
    Source source = property(PART + name);
    return source == null ? inFiles(PART + name) : source;
  }

  /** Returns the names of all parts that can be referred to, in order. */
  List<String> parts() {
    return Stream.of(environment.properties(), namedFile().entries(), resource().entries())
        .flatMap(entries -> entries.keySet().stream())
        .filter(key -> key.startsWith(PART))
        .map(key -> key.substring(PART.length()))
        .filter(name -> Parser.NAME.matcher(name).matches())
        .distinct()
        .sorted()
        .toList();
  }

  private @Nullable Source property(String key) {
    String text = environment.properties().get(key);
    return text == null ? null : new Source("system property '" + key + "'", text);
  }

  private @Nullable Source inFiles(String key) {
    Source source = namedFile().source(key);
    return source == null ? resource().source(key) : source;
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
      Problem problem = Problem.of("More than one " + RESOURCE + " on the class path:");
      distinct.keySet().forEach(url -> problem.line("  " + url));
      throw problem
          .line("Expected one: remove the others, or name a file by -D" + FILE + ".")
          .exception();
    }
    return urls.isEmpty() ? PropertiesFile.NONE : PropertiesFile.read(urls.get(0));
  }
}
