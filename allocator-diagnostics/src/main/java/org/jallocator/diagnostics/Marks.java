package org.jallocator.diagnostics;

import java.util.Arrays;

/** The open marks of an arena, oldest first, and the serial of the youngest block at each. */
final class Marks {

  /** Stands for no serial: the mark is not open. */
  static final long NONE = -1;

  private long[] marks = new long[0];
  private long[] serials = new long[0];
  private int count;

  /** Makes sure that the next mark can be pushed without a new array. */
  void ensureRoom() {
    if (count == marks.length) {
      int length = Math.max(8, 2 * count);
      long[] marks = Arrays.copyOf(this.marks, length);
      serials = Arrays.copyOf(serials, length);
      this.marks = marks;
    }
  }

  void push(long mark, long serial) {
    marks[count] = mark;
    serials[count] = serial;
    count++;
  }

  /** {@return the serial of an open mark, or {@link #NONE}} */
  long serialOf(long mark) {
    int i = indexOf(mark);
    return i < 0 ? NONE : serials[i];
  }

  /** Ends a mark and all that are younger. */
  void pop(long mark) {
    int i = indexOf(mark);
    if (i >= 0) {
      count = i;
    }
  }

  void clear() {
    count = 0;
  }

  private int indexOf(long mark) {
    int i = count - 1;
    while (i >= 0 && marks[i] != mark) {
      i--;
    }
    return i;
  }
}
