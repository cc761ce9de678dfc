package org.jallocator.stack;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Makes a tree of a text, by recursive descent:
 *
 * <pre>
 * node   = "@" name | name [ "(" [ arg { "," arg } [ "," ] ] ")" ]
 * arg    = key "=" value | node
 * value  = word | number | "'" text "'"
 * </pre>
 *
 * <p>Whether names and values are right is for {@link Resolver} to say. Recursion is bounded by
 * {@link Limits#DEPTH}.
 */
final class Parser {

  /** What a part may be called; an allocator too. */
  static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]*");

  private static final String LAYER = "an allocator's name or '@' and a part's name";
  private static final String ARGUMENT = "an option (key=value), an inner layer or ')'";

  private final Lexer lexer;
  private Token token;
  private Token last;

  private Parser(Source source) {
    this.lexer = new Lexer(source);
    this.token = lexer.next();
    this.last = token;
  }

  /** {@return the tree that a text stands for} */
  static Expression parse(Source source) {
    Limits.checkLength(source);
    if (source.text().isBlank()) {
      throw Problem.of("Empty text in " + source.origin())
          .line("Expected a stack, such as jna.")
          .exception();
    }
    Parser parser = new Parser(source);
    Expression root = parser.node(1);
    if (!parser.token.is(Token.Kind.END)) {
      String open = parser.last.is(Token.Kind.WORD) ? "'(' or " : "";
      throw parser.unexpected(open + "the end: a stack has one root").exception();
    }
    return root;
  }

  private Expression node(int depth) {
    if (token.is(Token.Kind.AT)) {
      return reference(depth);
    }
    if (!token.is(Token.Kind.WORD)) {
      throw unexpected(LAYER).exception();
    }
    return node(take(), depth);
  }

  private Expression reference(int depth) {
    Spot at = take().spot();
    if (!token.is(Token.Kind.WORD) || token.spot().start() != at.end()) {
      throw unexpected("a part's name right after '@'").exception();
    }
    Token name = take();
    Spot spot = at.to(name.spot());
    Limits.checkDepth(depth, spot);
    if (!NAME.matcher(name.text()).matches()) {
      throw Problem.at(spot, "Bad name of a part " + Problem.quoted(spot.text()))
          .line("Expected a lower-case letter, then lower-case letters, digits and hyphens.")
          .exception();
    }
    if (token.is(Token.Kind.OPEN)) {
      throw unexpected("',' or ')' or the end: a named part takes no arguments").exception();
    }
    return new Expression(spot, name.text(), true, List.of(), List.of());
  }

  private Expression node(Token name, int depth) {
    Limits.checkDepth(depth, name.spot());
    List<Expression.Assignment> assignments = new ArrayList<>();
    List<Expression> inners = new ArrayList<>();
    if (token.is(Token.Kind.OPEN)) {
      Spot open = take().spot();
      while (!token.is(Token.Kind.CLOSE)) {
        boolean assigned = argument(depth, assignments, inners);
        if (token.is(Token.Kind.COMMA)) {
          take();
        } else if (!token.is(Token.Kind.CLOSE)) {
          throw notClosed(open, assigned);
        }
      }
      take();
    }
    return new Expression(name.spot(), name.text(), false, assignments, inners);
  }

  /** Reads an argument; returns whether it is an assignment. */
  private boolean argument(
      int depth, List<Expression.Assignment> assignments, List<Expression> inners) {
    if (token.is(Token.Kind.AT)) {
      inners.add(reference(depth + 1));
      return false;
    }
    if (!token.is(Token.Kind.WORD)) {
      throw unexpected(ARGUMENT).exception();
    }
    Token word = take();
    if (!token.is(Token.Kind.EQUALS)) {
      inners.add(node(word, depth + 1));
      return false;
    }
    take();
    switch (token.kind()) {
      case WORD, NUMBER, TEXT -> assignments.add(new Expression.Assignment(word, take()));
      case AT -> throw unexpected("a value: an inner layer has no key").exception();
      default -> throw unexpected("a value").exception();
    }
    return true;
  }

  private Token take() {
    last = token;
    token = lexer.next();
    return last;
  }

  private RuntimeException notClosed(Spot open, boolean assigned) {
    String bare = last.is(Token.Kind.WORD) && !assigned ? "'=', '(', " : "";
    String unclosed =
        token.is(Token.Kind.END) ? ": the '(' at column " + open.column() + " is not closed" : "";
    Problem problem = unexpected(bare + "',' or ')'" + unclosed);
    // The two slips that end here: "64 KiB", and "inner=fixedblock(...)".
    if (last.is(Token.Kind.NUMBER)
        && token.is(Token.Kind.WORD)
        && BinaryUnit.isUnit(token.text())) {
      problem.line("A size is written without a gap, such as 64" + token.text() + ".");
    } else if (assigned && token.is(Token.Kind.OPEN)) {
      problem.line("An inner layer is written without a key, such as arena(jna).");
    }
    return problem.exception();
  }

  private Problem unexpected(String expected) {
    String written = Problem.quoted(token.text());
    String headline =
        switch (token.kind()) {
          case END -> "Unexpected end";
          case TEXT -> "Unexpected text " + written;
          case STRAY -> "Unexpected character " + named(token.text().codePointAt(0));
          default -> "Unexpected " + written;
        };
    Problem problem = Problem.at(token.spot(), headline).line("Expected " + expected + ".");
    if (token.is(Token.Kind.STRAY)) {
      problem.lines(advice(token.text().codePointAt(0)));
    }
    return problem;
  }

  /** {@return a character as it looks, and what Unicode calls it if that is not enough} */
  private static String named(int character) {
    String written = Character.toString(character);
    if (character > ' ' && character < 0x7F) {
      return Problem.quoted(written);
    }
    String code = "U+" + Lexer.hex(character);
    String name = Character.getName(character);
    String called = name == null ? code : code + " " + name;
    return Problem.isVisible(character) ? Problem.quoted(written) + " (" + called + ")" : called;
  }

  private static List<String> advice(int character) {
    if (Character.isDigit(character)) {
      return List.of("Digits are 0 to 9.");
    }
    if (Character.isLetter(character)) {
      return List.of("Letters are a to z and A to Z; others stand between apostrophes only.");
    }
    boolean quote =
        switch (Character.getType(character)) {
          case Character.INITIAL_QUOTE_PUNCTUATION, Character.FINAL_QUOTE_PUNCTUATION -> true;
          default -> character == '"' || character == '`';
        };
    return quote ? List.of("Text is quoted with apostrophes.") : List.of();
  }
}
