package org.jallocator.stack;

import java.util.Collection;
import java.util.List;
import org.jallocator.AllocatorConfigException;
import org.jspecify.annotations.Nullable;

/**
 * What is wrong with a configuration, on its way to becoming the message of an exception.
 *
 * <pre>
 * Unknown allocator 'fixedblok' at column 10 of system property 'allocator.stack':   the headline
 *     fallback(fixedblok(blockSize=64),jna)                                          the text
 *              ^^^^^^^^^                                                             the spot
 *   Did you mean 'fixedblock'? Available: arena, fallback, fixedblock, jna.          lines
 * </pre>
 *
 * <p>Text and carets line up because both count characters and neither holds a tab, a line break or
 * anything else that has no width: in the text such characters are shown as spaces. Of a long text
 * only {@link #WIDTH} characters around the spot are shown; every other part is cut too, so that a
 * message has less than 4096 characters whatever was configured. Everything is put together without
 * a formatter, so no locale has a say in it.
 */
final class Problem {

  /** Characters of a text that are shown at the most. */
  private static final int WIDTH = 100;

  /** Characters of a long text that are shown to the left of the spot. */
  private static final int LEAD = 40;

  /** Characters of a quoted word that are shown at the most. */
  private static final int QUOTED = 40;

  /** Characters of a line that are shown at the most: of the headline's parts and of the others. */
  private static final int LINE = 320;

  /** Lines of a list that are shown at the most. */
  private static final int LINES = 6;

  private static final String CUT = "...";

  private final StringBuilder message;

  private Problem(String headline) {
    this.message = new StringBuilder(cut(visible(headline)));
  }

  /** {@return a problem that is at no one spot of a text} */
  static Problem of(String headline) {
    return new Problem(headline);
  }

  /** {@return a problem at a spot} */
  static Problem at(Spot spot, String headline) {
    Problem problem = new Problem(headline);
    problem.message.append(" at column ").append(spot.column());
    problem.message.append(" of ").append(cut(visible(spot.source().origin()))).append(':');
    problem.show(spot);
    return problem;
  }

  private void show(Spot spot) {
    String text = spot.source().text();
    int length = text.codePointCount(0, text.length());
    int start = spot.column() - 1;
    int end = text.codePointCount(0, spot.end());
    int from = length <= WIDTH ? 0 : Math.max(0, Math.min(start - LEAD, length - WIDTH));
    int to = Math.min(length, from + WIDTH);
    String before = from > 0 ? CUT : "";
    message.append("\n    ").append(before).append(visible(part(text, from, to)));
    message.append(to < length ? CUT : "");
    message.append("\n    ").append(" ".repeat(before.length() + start - from));
    message.append("^".repeat(Math.max(1, Math.min(end, to) - start)));
  }

  /** {@return the characters of a text from one place to another} */
  private static String part(String text, int from, int to) {
    int start = text.offsetByCodePoints(0, from);
    return text.substring(start, text.offsetByCodePoints(start, to - from));
  }

  /** {@return a text on one line, each of its characters as wide as any other} */
  private static String visible(String text) {
    StringBuilder visible = new StringBuilder();
    for (int character : text.codePoints().toArray()) {
      if (Character.getType(character) == Character.SURROGATE) {
        visible.append('?');
      } else if (isVisible(character)) {
        visible.appendCodePoint(character);
      } else {
        visible.append(' ');
      }
    }
    return visible.toString();
  }

  /** {@return whether a character can be seen when it is printed} */
  static boolean isVisible(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SPACE_SEPARATOR ->
          false;
      default -> true;
    };
  }

  /** {@return a word between apostrophes, cut if it is long} */
  static String quoted(String word) {
    boolean cut = word.codePointCount(0, word.length()) > QUOTED;
    return "'" + visible(cut ? part(word, 0, QUOTED) + CUT : word) + "'";
  }

  /** {@return a text without its middle if it is long: the ends say most} */
  private static String cut(String text) {
    int length = text.codePointCount(0, text.length());
    return length <= LINE
        ? text
        : part(text, 0, LINE / 2) + CUT + part(text, length - LINE / 2 + CUT.length(), length);
  }

  /** Adds a line. */
  Problem line(String line) {
    message.append("\n  ").append(cut(visible(line)));
    return this;
  }

  /** Adds lines, the first few of many. */
  Problem lines(List<String> lines) {
    lines.stream().limit(LINES).forEach(this::line);
    return lines.size() > LINES ? line("(and " + (lines.size() - LINES) + " more)") : this;
  }

  /**
   * Adds the line that says what there is, the first few of many, and what may have been meant.
   *
   * @param nearest what may have been meant, or null
   * @param choices all that there is
   */
  Problem choices(@Nullable String nearest, Collection<String> choices) {
    StringBuilder line = new StringBuilder();
    if (nearest != null) {
      line.append("Did you mean ").append(quoted(nearest)).append("? ");
    }
    line.append("Available: ");
    int shown = 0;
    for (String choice : choices) {
      if (shown > 0 && line.length() + choice.length() > LINE - 20) {
        return line(line + " and " + (choices.size() - shown) + " more.");
      }
      line.append(shown == 0 ? "" : ", ").append(choice);
      shown++;
    }
    return line(line.append(shown == 0 ? "none." : ".").toString());
  }

  AllocatorConfigException exception() {
    return new AllocatorConfigException(message.toString());
  }

  AllocatorConfigException exception(Throwable cause) {
    return new AllocatorConfigException(message.toString(), cause);
  }
}
