package org.jallocator.stack;

/**
 * Cuts a text into tokens. Letters are a to z and A to Z, digits are 0 to 9, blanks are space, tab
 * and line break: everything else may stand between apostrophes only. What a number or a word means
 * is decided by the parser and the resolver, which can say what was expected.
 */
final class Lexer {

  private final Source source;
  private final String text;
  private int at;

  Lexer(Source source) {
    this.source = source;
    this.text = source.text();
  }

  /** {@return the next token; at the end of the text {@link Token.Kind#END}, again and again} */
  Token next() {
    while (at < text.length() && isBlank(text.charAt(at))) {
      at++;
    }
    if (at == text.length()) {
      return token(Token.Kind.END, at);
    }
    char c = text.charAt(at);
    if (isLetter(c)) {
      return token(Token.Kind.WORD, endOfRun());
    }
    if (isDigit(c) || c == '-') {
      return token(Token.Kind.NUMBER, endOfRun());
    }
    return switch (c) {
      case '(' -> token(Token.Kind.OPEN, at + 1);
      case ')' -> token(Token.Kind.CLOSE, at + 1);
      case ',' -> token(Token.Kind.COMMA, at + 1);
      case '=' -> token(Token.Kind.EQUALS, at + 1);
      case '@' -> token(Token.Kind.AT, at + 1);
      case '\'' -> quotedText();
      default -> token(Token.Kind.STRAY, text.offsetByCodePoints(at, 1));
    };
  }

  private Token token(Token.Kind kind, int end) {
    Spot spot = source.spot(at, end);
    at = end;
    return new Token(kind, spot);
  }

  private int endOfRun() {
    boolean number = !isLetter(text.charAt(at));
    int end = at + 1;
    while (end < text.length() && (isWordPart(text.charAt(end)) || (number && isDot(end)))) {
      end++;
    }
    return end;
  }

  private boolean isDot(int index) {
    return text.charAt(index) == '.';
  }

  private Token quotedText() {
    int end = at + 1;
    while (end < text.length()) {
      if (text.charAt(end) == '\'') {
        if (!text.startsWith("''", end)) {
          return token(Token.Kind.TEXT, end + 1);
        }
        end++;
      } else if (Character.isISOControl(text.charAt(end))) {
        throw Problem.at(
                source.spot(end, end + 1),
                "Unexpected character U+" + hex(text.charAt(end)) + " in quoted text")
            .line("Expected text without tabs, line breaks and other control characters.")
            .exception();
      }
      end++;
    }
    throw Problem.at(source.spot(at, end), "Quoted text without an end")
        .line("Expected an apostrophe after the text; one within it is written twice.")
        .exception();
  }

  /** {@return a code point in the way Unicode writes it: four digits at the least} */
  static String hex(int codePoint) {
    String digits = Integer.toHexString(codePoint).toUpperCase(java.util.Locale.ROOT);
    return "0".repeat(Math.max(0, 4 - digits.length())) + digits;
  }

  /** {@return whether a text may stand without apostrophes} */
  static boolean isWord(String text) {
    return !text.isEmpty()
        && isLetter(text.charAt(0))
        && text.chars().allMatch(c -> isWordPart((char) c));
  }

  static boolean isLetters(String text) {
    return text.chars().allMatch(c -> isLetter((char) c));
  }

  private static boolean isWordPart(char c) {
    return isLetter(c) || isDigit(c) || c == '-' || c == '_';
  }

  private static boolean isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isBlank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
  }
}
