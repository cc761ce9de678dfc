package org.jallocator.stack;

/**
 * A stretch of a source, for a message to point at.
 *
 * @param source the source
 * @param start the index of its first char
 * @param end the index after its last char; equal to {@code start} at the end of the source
 */
record Spot(Source source, int start, int end) {

  String text() {
    return source.text().substring(start, end);
  }

  /** {@return where it starts: characters, not chars, counted from 1} */
  int column() {
    return source.text().codePointCount(0, start) + 1;
  }

  /** {@return the spot from here to the end of another} */
  Spot to(Spot last) {
    return new Spot(source, start, last.end);
  }
}
