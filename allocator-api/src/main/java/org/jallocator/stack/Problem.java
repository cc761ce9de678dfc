package org.jallocator.stack;

import java.util.Collection;
import java.util.List;
import org.jallocator.AllocatorConfigException;

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
 * only {@link #WIDTH} characters around the spot are shown. Everything is put together without a
 * formatter, so no locale has a say in it.
 */
final class Problem {

  /** Characters of a text that are shown at the most. */
  private static final int WIDTH = 100;

  /** Characters of a long text that are shown to the left of the spot. */
  private static final int LEAD = 40;

  /** Characters of a quoted word that are shown at the most. */
  private static final int QUOTED = 40;

  private static final String CUT = "...";

  private final StringBuilder message;

  private Problem(String headline) {
    this.message = new StringBuilder(headline);
  }

  /** Returns a problem that is at no one spot of a text. */
  static Problem of(String headline) {
    return new Problem(headline);
  }

  /** Returns a problem at a spot. */
  static Problem at(Spot spot, String headline) {
    Problem problem = new Problem(headline);
    problem.message.append(" at column ").append(spot.column());
    problem.message.append(" of ").append(spot.source().origin()).append(':');
    problem.show(spot);
    return problem;
  }

  private void show(Spot spot) {
    String text = spot.source().text();
    int[] characters = text.codePoints().toArray();
    int start = spot.column() - 1;
    int end = text.codePointCount(0, spot.end());
    int from = Math.max(0, Math.min(start - LEAD, characters.length - WIDTH));
    if (characters.length <= WIDTH) {
      from = 0;
    }
    int to = Math.min(characters.length, from + WIDTH);
    String before = from > 0 ? CUT : "";
    message.append("\n    ").append(before);
    appendVisible(characters, from, to);
    message.append(to < characters.length ? CUT : "");
    int carets = Math.max(1, Math.min(end, to) - start);
    message.append("\n    ").append(" ".repeat(before.length() + start - from));
    message.append("^".repeat(carets));
  }

  private void appendVisible(int[] characters, int from, int to) {
    for (int i = from; i < to; i++) {
      message.appendCodePoint(visible(characters[i]));
    }
  }

  private static int visible(int character) {
    return Character.getType(character) == Character.SURROGATE
        ? '?'
        : isVisible(character) ? character : ' ';
  }

  /** Returns whether a character leaves a trace where it is printed. */
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

  /** Returns a word between apostrophes, on one line, cut where it is long. */
  static String quoted(String word) {
    Problem quoted = new Problem("'");
    int[] characters = word.codePoints().toArray();
    quoted.appendVisible(characters, 0, Math.min(characters.length, QUOTED));
    quoted.message.append(characters.length > QUOTED ? CUT : "").append('\'');
    return quoted.message.toString();
  }

  /** Adds a line. */
  Problem line(String line) {
    message.append("\n  ");
    int[] characters = line.codePoints().toArray();
    appendVisible(characters, 0, characters.length);
    return this;
  }

  /** Adds lines. */
  Problem lines(List<String> lines) {
    lines.forEach(this::line);
    return this;
  }

  /** Adds the line that says what is nearest to a word, and what there is. */
  Problem choices(String word, Collection<String> choices) {
    String nearest = Nearest.to(word, choices);
    return line(
        (nearest == null ? "" : "Did you mean " + quoted(nearest) + "? ")
            + "Available: "
            + (choices.isEmpty() ? "none" : String.join(", ", choices))
            + ".");
  }

  AllocatorConfigException exception() {
    return new AllocatorConfigException(message.toString());
  }

  AllocatorConfigException exception(Throwable cause) {
    return new AllocatorConfigException(message.toString(), cause);
  }
}
