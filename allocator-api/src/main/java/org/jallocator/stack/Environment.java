package org.jallocator.stack;

import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What a process was started with. A snapshot, so that one stack is configured from one state of
 * it; and a seam, so that a test need not change the process.
 *
 * @param properties the system properties
 * @param variables the environment variables
 */
record Environment(Map<String, String> properties, Map<String, String> variables) {

  static Environment ofProcess() {
    Map<String, String> properties =
        System.getProperties().stringPropertyNames().stream()
            .collect(Collectors.toMap(Function.identity(), name -> System.getProperty(name, "")));
    return new Environment(properties, System.getenv());
  }
}
