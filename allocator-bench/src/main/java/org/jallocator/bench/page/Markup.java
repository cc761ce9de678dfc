package org.jallocator.bench.page;

/** What a page is written with. */
final class Markup {

  private Markup() {}

  /** {@return a text as it stands in an element or in a quoted attribute} */
  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  /** {@return an element with a class and a text} */
  static String element(String name, String type, String text) {
    return "<%s class=\"%s\">%s</%s>".formatted(name, type, escape(text), name);
  }

  /** {@return a part of a whole as CSS has it} */
  static String percent(double part, double whole) {
    return String.format(
        java.util.Locale.ROOT, "%.2f%%", whole > 0 ? Math.min(100, 100 * part / whole) : 0);
  }
}
