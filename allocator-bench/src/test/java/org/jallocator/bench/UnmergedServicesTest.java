package org.jallocator.bench;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URL;
import java.util.Collections;
import java.util.Enumeration;
import org.jallocator.AllocatorConfigException;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.stack.AllocatorProviders;
import org.jallocator.stack.AllocatorStack;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A fat jar whose META-INF/services files were not merged: the classes are there, unlisted. */
final class UnmergedServicesTest {

  private static final ClassLoader UNMERGED =
      new ClassLoader(UnmergedServicesTest.class.getClassLoader()) {
        @Override
        public Enumeration<URL> getResources(String name) throws IOException {
          return name.startsWith("META-INF/services/")
              ? Collections.emptyEnumeration()
              : super.getResources(name);
        }
      };

  static Iterable<AllocatorProvider> everyProviderOfOurs() {
    return AllocatorProviders.load().all().stream()
        .filter(provider -> provider.getClass().getSimpleName().endsWith("Provider"))
        .filter(
            provider -> !provider.getClass().getPackageName().startsWith("org.jallocator.bench"))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("everyProviderOfOurs")
  void theMessageNamesTheModuleAndTheMerge(AllocatorProvider provider) {
    String message =
        String.valueOf(
            assertThrows(
                    AllocatorConfigException.class,
                    () -> AllocatorStack.open(provider.name(), UNMERGED).close())
                .getMessage());
    // A module is called as its package is.
    String module = provider.getClass().getPackageName().replace("org.jallocator.", "allocator-");
    assertTrue(
        message.contains(
            "'"
                + provider.name()
                + "' comes with the Maven module org.jallocator:"
                + module
                + ". Its classes are there"),
        message);
    assertTrue(message.contains("ServicesResourceTransformer"), message);
  }
}
