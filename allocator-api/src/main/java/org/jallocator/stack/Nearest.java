package org.jallocator.stack;

import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * Finds the word that was meant. Two words are as far apart as the number of letters to insert,
 * delete, replace or swap with their neighbour; ASCII case does not count. A word that is further
 * away than a third of its length is not what was meant, and neither is one that has no letter in
 * common.
 */
final class Nearest {

  private Nearest() {}

  /** {@return the nearest choice, the first of equals; null iff none is near} */
  static @Nullable String to(String word, Collection<String> choices) {
    String nearest = null;
    int least = Math.min(word.length(), Math.max(1, word.length() / 3) + 1);
    for (String choice : choices) {
      if (Math.abs(choice.length() - word.length()) < least) {
        int distance = distance(word, choice);
        if (distance < least) {
          least = distance;
          nearest = choice;
        }
      }
    }
    return nearest;
  }

  private static int distance(String a, String b) {
    int[] beforeLast = new int[b.length() + 1];
    int[] last = new int[b.length() + 1];
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] reused = beforeLast;
      beforeLast = last;
      last = row;
      row = reused;
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = last[j - 1] + (same(a, i - 1, b, j - 1) ? 0 : 1);
        row[j] = Math.min(replaced, 1 + Math.min(last[j], row[j - 1]));
        if (i > 1 && j > 1 && same(a, i - 1, b, j - 2) && same(a, i - 2, b, j - 1)) {
          row[j] = Math.min(row[j], 1 + beforeLast[j - 2]);
        }
      }
    }
    return row[b.length()];
  }

  private static boolean same(String a, int i, String b, int j) {
    return lower(a.charAt(i)) == lower(b.charAt(j));
  }

  /** Not {@link Character#toLowerCase}: that would make a letter of what is none here. */
  private static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c;
  }
}
