package org.jallocator.stack;

/**
 * A text to be parsed, and where it came from in the words of a message.
 *
 * @param origin where the text came from, such as {@code system property 'allocator.stack'}
 * @param text the text
 */
record Source(String origin, String text) {

  Spot spot(int start, int end) {
    return new Spot(this, start, end);
  }
}
