package org.jallocator.diagnostics;

import java.util.List;

/**
 * A place in the program: the calls that led to a malloc or a free, the innermost first. Frames of
 * this project's own classes are left out at the top. Equal sites are one object.
 *
 * @param frames as many frames as the layer keeps; empty if nothing is known
 */
public record Site(List<StackTraceElement> frames) {

  /** The site of a block that was not sampled. */
  static final Site UNKNOWN = new Site(List.of());

  /** {@return whether there is a frame} */
  boolean isKnown() {
    return !frames.isEmpty();
  }

  /** {@return the innermost frame in one line, or a word that says that there is none} */
  public String top() {
    return frames.isEmpty() ? "(not sampled)" : frames.get(0).toString();
  }

  /** {@return all frames in one line, the innermost first} */
  public String line() {
    if (frames.isEmpty()) {
      return top();
    }
    StringBuilder text = new StringBuilder();
    for (StackTraceElement frame : frames) {
      text.append(text.isEmpty() ? "" : " < ").append(frame);
    }
    return text.toString();
  }
}
