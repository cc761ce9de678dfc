package org.jallocator.stack;

import java.math.BigInteger;
import org.jallocator.spi.Option;

/**
 * Values of options, as text and as what they mean: one pair of methods, each the inverse of the
 * other.
 */
final class Values {

  /** Digits of a number that are shown at the most. */
  private static final int DIGITS = 40;

  private Values() {}

  /** {@return what a token means as the value of an option, checked against all it declares} */
  static Object read(Option<?> option, Token value) {
    return switch (option.type()) {
      case SIZE, NUMBER -> readNumber(option, value);
      case FLAG -> readFlag(option, value);
      case WORD -> readWord(option, value);
      case TEXT -> readText(option, value);
    };
  }

  /** {@return a value as it is written in the canonical expression} */
  static String write(Option<?> option, Object value) {
    return switch (option.type()) {
      case SIZE -> BinaryUnit.format((Long) value);
      case NUMBER, FLAG -> value.toString();
      case WORD, TEXT -> {
        String text = (String) value;
        yield Lexer.isWord(text) ? text : "'" + text.replace("'", "''") + "'";
      }
    };
  }

  private static Long readNumber(Option<?> option, Token value) {
    String text = value.text();
    int digits = text.startsWith("-") ? 1 : 0;
    int end = digits;
    while (end < text.length() && Lexer.isDigit(text.charAt(end))) {
      end++;
    }
    String symbol = text.substring(end);
    boolean spelled = value.is(Token.Kind.NUMBER) && end > digits;
    if (!spelled || !(symbol.isEmpty() || (isSize(option) && Lexer.isLetters(symbol)))) {
      throw wrongType(option, value).line(expected(option)).exception();
    }
    BinaryUnit unit = BinaryUnit.of(symbol);
    if (unit == null) {
      throw wrongUnit(value, text.substring(0, end), symbol);
    }
    // No overflow check: the range check is done before the value must fit into a long.
    BigInteger number = new BigInteger(text.substring(0, end)).shiftLeft(unit.shift());
    if (number.compareTo(BigInteger.valueOf(option.min())) < 0) {
      throw outOfRange(option, value, number, "less than the minimum", option.min());
    }
    if (number.compareTo(BigInteger.valueOf(option.max())) > 0) {
      throw outOfRange(option, value, number, "more than the maximum", option.max());
    }
    return number.longValueExact();
  }

  private static boolean isSize(Option<?> option) {
    return option.type() == Option.Type.SIZE;
  }

  private static RuntimeException wrongUnit(Token value, String digits, String symbol) {
    BinaryUnit ambiguous = BinaryUnit.ofAmbiguous(symbol);
    if (ambiguous != null) {
      return Problem.at(value.spot(), "Ambiguous unit " + Problem.quoted(symbol))
          .line(didYouMean(digits + ambiguous.symbol()) + ambiguous.disagreement(symbol))
          .exception();
    }
    String anyCase = BinaryUnit.ofAnyCase(symbol);
    return Problem.at(value.spot(), "Unknown unit " + Problem.quoted(symbol))
        .line(
            (anyCase == null ? "" : didYouMean(digits + anyCase))
                + "Available: "
                + String.join(", ", BinaryUnit.symbols())
                + ".")
        .exception();
  }

  private static String didYouMean(String text) {
    return "Did you mean " + Problem.quoted(text) + "? ";
  }

  private static RuntimeException outOfRange(
      Option<?> option, Token value, BigInteger number, String rule, long limit) {
    return Problem.at(value.spot(), "Option " + Problem.quoted(option.name()) + " is out of range")
        .line(
            "value is "
                + rule
                + ": "
                + option.name()
                + "="
                + shortened(number)
                + ", limit="
                + limit)
        .line(expected(option))
        .exception();
  }

  private static String shortened(BigInteger number) {
    String digits = number.toString();
    return digits.length() <= DIGITS ? digits : digits.substring(0, DIGITS) + "...";
  }

  private static Boolean readFlag(Option<?> option, Token value) {
    String text = value.text();
    if (value.is(Token.Kind.WORD) && (text.equals("true") || text.equals("false"))) {
      return text.equals("true");
    }
    throw wrongType(option, value).line(expected(option)).exception();
  }

  private static String readWord(Option<?> option, Token value) {
    String text = value.text();
    if (!option.words().contains(text)) {
      throw wrongType(option, value)
          .choices(Nearest.to(text, option.words()), option.words())
          .exception();
    }
    return text;
  }

  private static String readText(Option<?> option, Token value) {
    if (value.is(Token.Kind.NUMBER)) {
      throw wrongType(option, value)
          .line("Expected text: write it between apostrophes.")
          .exception();
    }
    return value.text();
  }

  private static Problem wrongType(Option<?> option, Token value) {
    String kind = value.is(Token.Kind.TEXT) ? "the text " : "";
    return Problem.at(
        value.spot(),
        "Option "
            + Problem.quoted(option.name())
            + " cannot be "
            + kind
            + Problem.quoted(value.text()));
  }

  private static String expected(Option<?> option) {
    return switch (option.type()) {
      case SIZE ->
          "Expected a size from "
              + BinaryUnit.format(option.min())
              + " to "
              + BinaryUnit.format(option.max())
              + ".";
      case NUMBER -> "Expected a whole number from " + option.min() + " to " + option.max() + ".";
      default -> "Expected true or false.";
    };
  }
}
