package org.jallocator.stack;

/**
 * The smallest piece of an expression that means something.
 *
 * @param kind what it is
 * @param spot where it stands
 */
record Token(Kind kind, Spot spot) {

  enum Kind {
    /** A letter, then letters, digits, hyphens and underscores. */
    WORD,
    /** Whatever starts like a number and goes on without a gap, such as {@code 64KiB}. */
    NUMBER,
    /** Text between apostrophes. */
    TEXT,
    OPEN,
    CLOSE,
    COMMA,
    EQUALS,
    AT,
    /** A character that has no place in an expression. */
    STRAY,
    /** The end of the text. */
    END
  }

  boolean is(Kind other) {
    return kind == other;
  }

  /** {@return what was written: of a text what stands between its apostrophes} */
  String text() {
    String written = spot.text();
    return is(Kind.TEXT) ? written.substring(1, written.length() - 1).replace("''", "'") : written;
  }
}
