package org.jallocator.stack;

import java.net.URL;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.spi.AllocatorProvider.InnerLayer;
import org.jallocator.spi.Option;
import org.jspecify.annotations.Nullable;

/**
 * What a provider declared, asked once and found to be sound, so that nothing after this need doubt
 * it.
 *
 * @param provider the provider
 * @param name its name, which is one by the grammar
 * @param options its options, of different names, each default within its own range
 * @param innerLayers the inner layers that it takes
 */
record Declaration(
    AllocatorProvider provider,
    String name,
    List<Option<?>> options,
    List<InnerLayer> innerLayers) {

  private static final Pattern KEY = Pattern.compile("[a-z][A-Za-z0-9]*");

  /**
   * Asks a provider what it declares.
   *
   * @throws IllegalArgumentException if it is unsound, with the reason
   * @throws RuntimeException if the provider throws it
   */
  static Declaration of(AllocatorProvider provider) {
    String name = provider.name();
    require(name != null && Parser.NAME.matcher(name).matches(), "bad name", name);
    require(provider.description() != null, "no description", name);
    List<Option<?>> options = List.copyOf(provider.options());
    Set<String> keys = new HashSet<>();
    for (Option<?> option : options) {
      require(KEY.matcher(option.name()).matches(), "bad name of an option", option.name());
      require(keys.add(option.name()), "two options of one name", option.name());
      require(isAllowed(option, option.defaultValue()), "default out of range", option.name());
    }
    for (Option<?> option : options) {
      checkRequirement(option, options);
    }
    return new Declaration(provider, name, options, List.copyOf(provider.innerLayers()));
  }

  private static void require(boolean sound, String rule, @Nullable String name) {
    if (!sound) {
      throw new IllegalArgumentException(rule + ": name=" + name);
    }
  }

  private static void checkRequirement(Option<?> option, List<Option<?>> options) {
    Option.Requirement<?> requirement = option.requirement();
    if (requirement != null) {
      Option<?> other = requirement.option();
      require(
          options.stream().anyMatch(known -> known.name().equals(other.name())),
          "requires an option that is not declared",
          option.name());
      require(
          isAllowed(other, requirement.value()), "requires a value out of range", option.name());
    }
  }

  private static boolean isAllowed(Option<?> option, Object value) {
    return switch (option.type()) {
      case SIZE, NUMBER ->
          value instanceof Long number && number >= option.min() && number <= option.max();
      case WORD -> option.words().contains(value);
      case FLAG, TEXT -> value != null;
    };
  }

  @Nullable Option<?> option(String key) {
    for (Option<?> option : options) {
      if (option.name().equals(key)) {
        return option;
      }
    }
    return null;
  }

  List<String> keys() {
    List<String> keys = new ArrayList<>();
    options.forEach(option -> keys.add(option.name()));
    return keys;
  }

  /** {@return the class of a provider and the jar that it came from} */
  static String whereabouts(Class<?> type) {
    CodeSource source = type.getProtectionDomain().getCodeSource();
    URL location = source == null ? null : source.getLocation();
    return type.getName() + (location == null ? "" : " in " + location);
  }
}
