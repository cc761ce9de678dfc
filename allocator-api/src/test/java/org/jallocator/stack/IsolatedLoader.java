package org.jallocator.stack;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.security.ProtectionDomain;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.stack.found.LeafProvider;

/**
 * A class loader that finds what it was told to and nothing else: providers, each in a jar of an
 * invented place, and files at the root of the class path. It defines the providers anew, and so
 * finds them on the module path too, where a list of services counts in unnamed modules only.
 */
final class IsolatedLoader extends ClassLoader {

  private static final String SERVICES = "META-INF/services/" + AllocatorProvider.class.getName();

  private final Path directory;
  private final Map<String, List<URL>> resources = new HashMap<>();
  private final Map<String, String> jars = new HashMap<>();
  private final List<String> missing = new ArrayList<>();

  IsolatedLoader(Path directory) {
    super(IsolatedLoader.class.getClassLoader());
    this.directory = directory;
  }

  /** Adds a provider that comes from a jar. */
  IsolatedLoader with(Class<? extends AllocatorProvider> provider, String jar) {
    jars.put(provider.getName(), jar);
    return withServices(jar, provider.getName());
  }

  /** Adds a jar whose list of services has that text. */
  IsolatedLoader withServices(String jar, String text) {
    return withFile(jar, SERVICES, text);
  }

  /** Adds a file of a jar. */
  IsolatedLoader withFile(String jar, String name, String text) {
    try {
      Path path = directory.resolve(jar).resolve(name);
      Files.createDirectories(Objects.requireNonNull(path.getParent()));
      Files.writeString(path, text);
      resources.computeIfAbsent(name, key -> new ArrayList<>()).add(path.toUri().toURL());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  /** Makes a class fail to link. */
  IsolatedLoader without(Class<?> type) {
    missing.add(type.getName());
    return this;
  }

  @Override
  public Enumeration<URL> getResources(String name) {
    return Collections.enumeration(resources.getOrDefault(name, List.of()));
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (missing.contains(name)) {
      throw new NoClassDefFoundError(name.replace('.', '/'));
    }
    if (!name.startsWith(LeafProvider.class.getPackageName() + ".")) {
      return super.loadClass(name, resolve);
    }
    Class<?> loaded = findLoadedClass(name);
    return loaded == null ? define(name) : loaded;
  }

  private Class<?> define(String name) throws ClassNotFoundException {
    try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
      if (in == null) {
        throw new ClassNotFoundException(name);
      }
      byte[] bytes = in.readAllBytes();
      return defineClass(name, bytes, 0, bytes.length, domain(jars.getOrDefault(name, "none.jar")));
    } catch (IOException e) {
      throw new ClassNotFoundException(name, e);
    }
  }

  private static ProtectionDomain domain(String jar) throws MalformedURLException {
    return new ProtectionDomain(
        new CodeSource(new URL("file:/lib/" + jar), (Certificate[]) null), null);
  }
}
