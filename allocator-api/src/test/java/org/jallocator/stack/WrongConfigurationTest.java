package org.jallocator.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Pins the whole message of every wrong configuration in {@code wrong-configurations.txt}, in
 * locales that would show: in Turkish the small letter of I is no i, and Arabic has digits of its
 * own.
 */
class WrongConfigurationTest {

  /**
   * A wrong configuration.
   *
   * @param title what is wrong
   * @param setting how it is set: {@code expression}, or a kind and a name
   * @param message the whole message
   */
  record Wrong(String title, List<String> setting, String message) {

    @Override
    public String toString() {
      return title;
    }
  }

  static List<Wrong> table() throws IOException {
    String text;
    try (InputStream in =
        Objects.requireNonNull(
            WrongConfigurationTest.class.getResourceAsStream("wrong-configurations.txt"))) {
      text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    List<Wrong> table = new ArrayList<>();
    for (String entry : text.substring(text.indexOf("== ") + 3).split("\n== ", -1)) {
      List<String> lines = entry.stripTrailing().lines().toList();
      List<String> settings = new ArrayList<>();
      int at = 1;
      while (lines.get(at).startsWith("> ")) {
        settings.add(unescaped(lines.get(at++).substring(2)));
      }
      table.add(
          new Wrong(lines.get(0), settings, String.join("\n", lines.subList(at, lines.size()))));
    }
    return table;
  }

  /** Replaces backslash escapes, those of Unicode too. */
  static String unescaped(String text) {
    return Pattern.compile("\\\\u([0-9a-f]{4})")
        .matcher(text)
        .replaceAll(match -> Character.toString(Integer.parseInt(match.group(1), 16)))
        .translateEscapes();
  }

  static Stream<Wrong> wrongConfigurations() throws IOException {
    return table().stream();
  }

  static String message(Wrong wrong) {
    StackFixture fixture = new StackFixture();
    String expression = null;
    for (String setting : wrong.setting()) {
      if (setting.equals("with every")) {
        fixture.withEvery();
        continue;
      }
      if (setting.equals("with troublemakers")) {
        fixture.withTroublemakers();
        continue;
      }
      int equals = setting.indexOf(" :=");
      String name = setting.substring(0, equals);
      String text = setting.substring(Math.min(setting.length(), equals + " := ".length()));
      if (name.equals("expression")) {
        expression = text;
      } else if (name.equals("ALLOCATOR_STACK")) {
        fixture.variables.put(name, text);
      } else {
        fixture.properties.put(name, text);
      }
    }
    if (expression != null) {
      return fixture.refusal(expression);
    }
    return StackFixture.messageOf(() -> fixture.open().close());
  }

  @ParameterizedTest
  @MethodSource("wrongConfigurations")
  void saysWhatIsWrongAndWhere(Wrong wrong) {
    assertEquals(wrong.message(), message(wrong));
  }

  @ParameterizedTest
  @MethodSource("wrongConfigurations")
  void saysTheSameInEveryLocale(Wrong wrong) {
    Locale before = Locale.getDefault();
    try {
      for (String tag : List.of("tr-TR", "ar-EG-u-nu-arab", "th-TH-u-nu-thai")) {
        Locale.setDefault(Locale.forLanguageTag(tag));
        assertEquals(wrong.message(), message(wrong), tag);
      }
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void pinsSixtyOfThemAtLeastAndNoneTwice() throws IOException {
    Set<String> titles = new HashSet<>();
    Set<List<String>> settings = new HashSet<>();
    for (Wrong wrong : table()) {
      assertTrue(titles.add(wrong.title()), wrong.title());
      assertTrue(settings.add(wrong.setting()), wrong.title());
    }
    assertTrue(titles.size() >= 60, titles.size() + " titles");
  }
}
