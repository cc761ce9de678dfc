package org.jallocator.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.spi.Option;
import org.junit.jupiter.api.Test;

/**
 * What every provider module must hold: the class path and the module path find the same providers,
 * and these are well declared. Extend it once a module.
 */
public abstract class ProviderContract {

  private static final String SERVICES = "META-INF/services/" + AllocatorProvider.class.getName();

  /** For a subclass. */
  protected ProviderContract() {}

  /**
   * {@return all providers of the module under test, as the class path's service list names them}
   */
  protected abstract Set<Class<? extends AllocatorProvider>> providers();

  private Set<String> expected() {
    return providers().stream().map(Class::getName).collect(Collectors.toCollection(TreeSet::new));
  }

  /** A loader of the classes and resources of the module under test, and of nothing else. */
  private URLClassLoader moduleAlone() {
    Class<?> any = providers().iterator().next();
    URL location =
        Objects.requireNonNull(any.getProtectionDomain().getCodeSource(), "no code source")
            .getLocation();
    return new URLClassLoader(new URL[] {location}, null);
  }

  /** Opens what the module itself has, never what the Java runtime has by that name. */
  private static InputStream open(URLClassLoader module, String name) throws IOException {
    return Objects.requireNonNull(module.findResource(name), name).openStream();
  }

  @Test
  void theClassPathListsTheProviders() throws IOException {
    try (URLClassLoader module = moduleAlone();
        InputStream in = open(module, SERVICES)) {
      Set<String> listed =
          new String(in.readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .map(line -> line.replaceFirst("#.*", "").strip())
              .filter(line -> !line.isEmpty())
              .collect(Collectors.toCollection(TreeSet::new));
      assertEquals(expected(), listed);
    }
  }

  @Test
  void theModuleProvidesTheProviders() throws IOException {
    try (URLClassLoader module = moduleAlone();
        InputStream in = open(module, "module-info.class")) {
      Set<String> provided = new TreeSet<>();
      for (ModuleDescriptor.Provides provides : ModuleDescriptor.read(in).provides()) {
        if (provides.service().equals(AllocatorProvider.class.getName())) {
          provided.addAll(provides.providers());
        }
      }
      assertEquals(expected(), provided);
    }
  }

  @Test
  void everyProviderIsWellDeclared() throws ReflectiveOperationException {
    for (Class<? extends AllocatorProvider> type : providers()) {
      AllocatorProvider provider = type.getConstructor().newInstance();
      assertTrue(provider.name().matches("[a-z][a-z0-9-]*"), provider.name());
      assertWords(provider.description());
      Set<String> names = new HashSet<>();
      for (Option<?> option : provider.options()) {
        assertTrue(names.add(option.name()), () -> "declared twice: " + option.name());
        assertTrue(option.name().matches("[a-z][a-zA-Z0-9]*"), option.name());
        assertWords(option.description());
      }
    }
  }

  private static void assertWords(String line) {
    assertFalse(line.isBlank(), "no description");
    assertFalse(line.contains("\n") || line.endsWith("."), () -> "not one plain line: " + line);
  }
}
