package org.jallocator.bench.counting;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import java.net.URLStreamHandler;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Enumeration;
import org.jallocator.jna.DefaultProvider;
import org.jallocator.spi.AllocatorProvider;

/**
 * Sees the class path as it is, but for one line of META-INF/services: where {@link
 * DefaultProvider} stands, it reads {@link CountingProvider}. So a stack's expression needs no
 * rewriting to have its leaves counted, and every other provider, ours or a third party's, is the
 * one that is measured.
 */
public final class CountingLoader extends ClassLoader {

  private static final String SERVICES = "META-INF/services/" + AllocatorProvider.class.getName();

  public CountingLoader() {
    super(CountingLoader.class.getClassLoader());
  }

  @Override
  public Enumeration<URL> getResources(String name) throws IOException {
    if (!name.equals(SERVICES)) {
      return super.getResources(name);
    }
    StringBuilder services = new StringBuilder();
    for (URL url : Collections.list(super.getResources(name))) {
      try (InputStream in = url.openStream()) {
        services.append(new String(in.readAllBytes(), StandardCharsets.UTF_8)).append('\n');
      }
    }
    String substituted =
        services
            .toString()
            .replace(DefaultProvider.class.getName(), CountingProvider.class.getName());
    return Collections.enumeration(Collections.singleton(urlOf(substituted)));
  }

  private static URL urlOf(String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return new URL(
        null,
        "counting:" + SERVICES,
        new URLStreamHandler() {
          @Override
          protected URLConnection openConnection(URL url) {
            return new URLConnection(url) {
              @Override
              public void connect() {}

              @Override
              public InputStream getInputStream() {
                return new ByteArrayInputStream(bytes);
              }
            };
          }
        });
  }
}
