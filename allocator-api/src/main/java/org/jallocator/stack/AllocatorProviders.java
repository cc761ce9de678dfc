package org.jallocator.stack;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.SortedMap;
import java.util.Spliterator;
import java.util.TreeMap;
import org.jallocator.AllocatorConfigException;
import org.jallocator.spi.AllocatorProvider;
import org.jspecify.annotations.Nullable;

/**
 * The providers that were found, on the class path or the module path.
 *
 * <p>They come from the class loader of this library; from the context class loader only if that
 * one has none; or from the one class loader that is passed in. A provider that cannot be loaded,
 * or that declares nonsense, is left out and listed by {@link #broken()}; it does not hide the
 * others. Two providers of one name are an error, because either choice would be a silent one.
 *
 * <p>Immutable. Shared, never blocks.
 */
public final class AllocatorProviders {

  private final SortedMap<String, Declaration> declarations = new TreeMap<>();
  private final Set<String> broken = new LinkedHashSet<>();
  private final List<ClassLoader> loaders;

  private AllocatorProviders(List<ClassLoader> loaders) {
    this.loaders = loaders;
  }

  /**
   * Finds the providers of this library's class loader, or, if that has none, those of the context
   * class loader.
   *
   * @return what was found
   * @throws AllocatorConfigException if two providers have one name
   */
  public static AllocatorProviders load() {
    return load(loaders());
  }

  /**
   * Finds the providers of a class loader.
   *
   * @param loader the class loader to look in
   * @return what was found
   * @throws AllocatorConfigException if two providers have one name
   */
  public static AllocatorProviders load(ClassLoader loader) {
    return load(List.of(loader));
  }

  /** {@return what the first of some class loaders has that has any} */
  static AllocatorProviders load(List<ClassLoader> loaders) {
    AllocatorProviders found = new AllocatorProviders(loaders);
    for (ClassLoader loader : loaders) {
      if (found.declarations.isEmpty()) {
        found.search(loader);
      }
    }
    return found;
  }

  /** {@return what some providers declare} */
  static AllocatorProviders of(Collection<? extends AllocatorProvider> providers) {
    AllocatorProviders found = new AllocatorProviders(List.of());
    providers.forEach(found::add);
    return found;
  }

  /** {@return the class loaders to look in, in order, if none is passed in} */
  static List<ClassLoader> loaders() {
    ClassLoader own =
        Objects.requireNonNullElse(
            AllocatorProviders.class.getClassLoader(), ClassLoader.getSystemClassLoader());
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    return context == null || context == own ? List.of(own) : List.of(own, context);
  }

  private void search(ClassLoader loader) {
    Spliterator<ServiceLoader.Provider<AllocatorProvider>> rest =
        ServiceLoader.load(AllocatorProvider.class, loader).stream().spliterator();
    List<ServiceLoader.Provider<AllocatorProvider>> located = new ArrayList<>();
    boolean more = true;
    while (more) {
      try {
        more = rest.tryAdvance(located::add);
      } catch (ServiceConfigurationError | LinkageError e) {
        // The loader goes on behind a broken entry, but not behind an unreadable list: that one
        // it would report for ever.
        more = broken.add(e instanceof ServiceConfigurationError ? e.getMessage() : e.toString());
      }
    }
    for (ServiceLoader.Provider<AllocatorProvider> provider : located) {
      try {
        add(provider.get());
      } catch (ServiceConfigurationError e) {
        broken(provider.type(), Objects.requireNonNullElse(e.getCause(), e));
      }
    }
  }

  private void add(AllocatorProvider provider) {
    Declaration declaration;
    try {
      declaration = Declaration.of(provider);
    } catch (RuntimeException | LinkageError e) {
      broken(provider.getClass(), e);
      return;
    }
    Declaration other = declarations.putIfAbsent(declaration.name(), declaration);
    if (other != null) {
      throw Problem.of("Two providers of " + Problem.quoted(declaration.name()) + ":")
          .line("  " + Declaration.whereabouts(other.provider().getClass()))
          .line("  " + Declaration.whereabouts(provider.getClass()))
          .line("Expected one: remove the other from the class path.")
          .exception();
    }
  }

  private void broken(Class<?> type, Throwable reason) {
    broken.add(Declaration.whereabouts(type) + ": " + reason);
  }

  /** {@return the providers that can be used, in the order of their names} */
  public List<AllocatorProvider> all() {
    return declarations.values().stream().map(Declaration::provider).toList();
  }

  /** {@return one line for each provider that cannot be used: which one, from where, and why} */
  public List<String> broken() {
    return List.copyOf(broken);
  }

  /** {@return what a provider declared; null iff there is none of that name} */
  @Nullable Declaration find(String name) {
    return declarations.get(name);
  }

  /** {@return the names of all providers, in order} */
  Collection<String> names() {
    return List.copyOf(declarations.keySet());
  }

  /** {@return whether a file is where providers were looked for} */
  boolean canSee(String resource) {
    for (ClassLoader loader : loaders) {
      try {
        if (loader.getResources(resource).hasMoreElements()) {
          return true;
        }
      } catch (IOException e) {
        // Then this loader does not show it: what is asked for is a hint, nothing depends on it.
      }
    }
    return false;
  }
}
