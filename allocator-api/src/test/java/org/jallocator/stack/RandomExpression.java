package org.jallocator.stack;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * A random stack of the fixture's allocators, written in two ways: as canonical as can be, and with
 * blanks, in a mixed order and in odd units.
 */
final class RandomExpression {

  private static final String[] BLANKS = {"", "", "", " ", "\n", "\t ", "\r\n"};
  private static final String[] LABELS = {"", "x", "it's", "(,=@)", "64", "true", "é😀", "a-b_c"};

  private final Random random;
  private final String canonical;
  private final String written;

  /** An expression in both ways. */
  private record Pair(String canonical, String written) {}

  RandomExpression(Random random) {
    this.random = random;
    Pair root = node(1 + random.nextInt(6));
    this.canonical = root.canonical();
    this.written = blank() + root.written() + blank();
  }

  String canonical() {
    return canonical;
  }

  String written() {
    return written;
  }

  private Pair node(int depth) {
    if (depth == 1) {
      return random.nextBoolean() ? call("jna", List.of(), List.of()) : every();
    }
    Pair inner = node(depth - 1);
    return switch (random.nextInt(3)) {
      case 0 -> call("arena", some(size("chunkSize", 16, 1L << 40)), List.of(inner));
      case 1 -> fixedBlock(inner);
      default -> call("fallback", List.of(), List.of(fixedBlock(inner), node(depth - 1)));
    };
  }

  private Pair fixedBlock(Pair inner) {
    List<Pair> options = new ArrayList<>(some(size("blockSize", 1, 1L << 30)));
    options.addAll(some(size("pageSize", 1, Long.MAX_VALUE)));
    return call("fixedblock", options, List.of(inner));
  }

  private Pair every() {
    List<Pair> options = new ArrayList<>(some(size("size", 0, Long.MAX_VALUE)));
    int count = random.nextInt(106) - 5;
    options.addAll(
        some(assignment("count", "" + count, (count < 0 ? "-00" : "00") + Math.abs(count))));
    String flag = "" + random.nextBoolean();
    options.addAll(some(assignment("flag", flag, flag)));
    String mode = random.nextBoolean() ? "small" : "'in between'";
    options.addAll(
        some(
            assignment(
                "mode", mode, random.nextBoolean() || mode.startsWith("'") ? mode : "'small'")));
    String label = LABELS[random.nextInt(LABELS.length)];
    String quoted = "'" + label.replace("'", "''") + "'";
    options.addAll(
        some(
            assignment("label", label.matches("[a-zA-Z][a-zA-Z0-9_-]*") ? label : quoted, quoted)));
    return call("every", options, List.of());
  }

  private List<Pair> some(Pair option) {
    return random.nextBoolean() ? List.of(option) : List.of();
  }

  private Pair size(String key, long min, long max) {
    int shift = random.nextInt(63);
    long value = Math.max(min, Math.min(max, random.nextLong() >>> 1 >>> shift));
    if (random.nextBoolean()) {
      value = Math.max(min, Long.highestOneBit(value));
    }
    String canonical = "" + value;
    String written = "0" + value + (random.nextBoolean() ? "B" : "");
    String[] brief = {"K", "M", "G"};
    for (int i = 0; i < 3; i++) {
      long unit = 1L << (10 * (i + 1));
      if (value > 0 && value % unit == 0) {
        canonical = value / unit + brief[i] + "iB";
        written = random.nextBoolean() ? written : value / unit + brief[i];
      }
    }
    return assignment(key, canonical, written);
  }

  private Pair assignment(String key, String canonical, String written) {
    return new Pair(key + "=" + canonical, key + blank() + "=" + blank() + written);
  }

  /** Puts options anywhere among the inner layers, whose order alone matters. */
  private Pair call(String name, List<Pair> options, List<Pair> inners) {
    List<String> canonical = new ArrayList<>();
    options.forEach(option -> canonical.add(option.canonical()));
    inners.forEach(inner -> canonical.add(inner.canonical()));
    if (canonical.isEmpty()) {
      return new Pair(name, random.nextBoolean() ? name : name + blank() + "(" + blank() + ")");
    }
    List<Pair> shuffled = new ArrayList<>(options);
    Collections.shuffle(shuffled, random);
    List<String> written = new ArrayList<>();
    inners.forEach(inner -> written.add(inner.written()));
    for (Pair option : shuffled) {
      written.add(random.nextInt(written.size() + 1), option.written());
    }
    StringBuilder text = new StringBuilder(name).append(blank()).append('(');
    for (int i = 0; i < written.size(); i++) {
      text.append(i == 0 ? "" : ",").append(blank()).append(written.get(i)).append(blank());
    }
    text.append(random.nextInt(4) == 0 ? "," : "").append(blank()).append(')');
    return new Pair(name + "(" + String.join(", ", canonical) + ")", text.toString());
  }

  private String blank() {
    return BLANKS[random.nextInt(BLANKS.length)];
  }
}
