package org.jallocator.stack;

/**
 * What bounds a configuration, so that no text can make building a stack expensive. Each limit is
 * the greatest number that is accepted.
 */
final class Limits {

  /** Chars of one text. */
  static final int LENGTH = 8 * 1024;

  /** Layers from the root down to a leaf, named parts followed. */
  static final int DEPTH = 32;

  /** Layers of a stack, a named part counted as often as it is used. */
  static final int NODES = 256;

  private Limits() {}

  static void checkLength(Source source) {
    int length = source.text().length();
    if (length > LENGTH) {
      throw Problem.at(source.spot(LENGTH, length), "Text is too long")
          .line("text exceeds its limit: length=" + length + ", limit=" + LENGTH)
          .exception();
    }
  }

  static void checkDepth(int depth, Spot spot) {
    if (depth > DEPTH) {
      throw Problem.at(spot, "Layers are nested too deeply")
          .line("depth exceeds its limit: depth=" + depth + ", limit=" + DEPTH)
          .exception();
    }
  }

  static void checkNodes(int nodes, Spot spot) {
    if (nodes > NODES) {
      throw Problem.at(spot, "Too many layers")
          .line("nodes exceed their limit: nodes=" + nodes + ", limit=" + NODES)
          .exception();
    }
  }
}
