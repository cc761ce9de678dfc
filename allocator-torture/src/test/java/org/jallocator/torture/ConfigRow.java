package org.jallocator.torture;

import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.jallocator.AllocatorConfigException;
import org.jallocator.stack.AllocatorStack;

/**
 * Mutated configurations: each opens a stack or throws an AllocatorConfigException that says where
 * the mistake is, and nothing else.
 */
final class ConfigRow implements Row {

  private static final long MUTATIONS = 200_000;
  private static final int MOST_CHANGES = 4;
  private static final int MOST_TEXT = 10_000;
  private static final String CHARACTERS =
      "(),=@'\"aAzZ09-_ \t\n\0\u00e4\u0130\u200b\uD83D\uFEFF%$;#!/*\\{}[]";

  private static final List<String> PIECES =
      List.of(
          "jna",
          "recorded",
          "@general",
          "@",
          "(",
          ")",
          ",",
          "=",
          "shared=true",
          "blockSize=64",
          "pageSize=64KiB",
          "maxSize=1GiB",
          "9223372036854775807",
          "9223372036854775808",
          "-1",
          "0",
          "1KB",
          "64k",
          "7EiB",
          "8388608TiB",
          "'text'",
          "'",
          "fallback(",
          "arena(jna)",
          "heaps=3",
          "alignment=3",
          "alignment=4096",
          "retain=0",
          "chunkSize=1",
          "true",
          "truE",
          "nosuch");

  @Override
  public String name() {
    return "mutated configurations";
  }

  @Override
  public void run(Figures figures, Scale scale) {
    mutate(scale.of(MUTATIONS, 1_500), AllocatorStack::open, figures);
  }

  private static void mutate(
      long mutations, Function<String, AllocatorStack> opener, Figures figures) {
    SplittableRandom random = new SplittableRandom(1);
    List<String> stacks = Stacks.all();
    RecordedProvider.use(Stacks.inner(0));
    for (long i = 0; i < mutations; i++) {
      String text = stacks.get(random.nextInt(stacks.size()));
      int changes = 1 + random.nextInt(MOST_CHANGES);
      for (int change = 0; change < changes; change++) {
        text = mutated(text, stacks, random);
      }
      figures.add(open(text, opener) ? "opened" : "refused with a place", 1);
    }
  }

  private static String mutated(String text, List<String> stacks, SplittableRandom random) {
    int from = random.nextInt(text.length() + 1);
    int to = Math.min(text.length(), from + random.nextInt(8));
    String before = text.substring(0, from);
    String after = text.substring(from);
    return switch (random.nextInt(9)) {
      case 0 -> before + text.substring(to);
      case 1 -> before + CHARACTERS.charAt(random.nextInt(CHARACTERS.length())) + after;
      case 2 -> before + PIECES.get(random.nextInt(PIECES.size())) + text.substring(to);
      case 3 -> before + text.substring(from, to).repeat(1 + random.nextInt(40)) + after;
      case 4 -> before + stacks.get(random.nextInt(stacks.size())) + after;
      case 5 -> before + (char) random.nextInt(1 << 16) + after;
      case 6 -> before + text.substring(from, to).toUpperCase(Locale.ROOT) + text.substring(to);
      case 7 -> text.replaceFirst("\\d+", "" + (random.nextLong() >> random.nextInt(64)));
      default -> after + before;
    };
  }

  /** {@return whether a stack was opened} */
  private static boolean open(String text, Function<String, AllocatorStack> opener) {
    String shown = text.length() > 200 ? text.length() + " characters" : text;
    if (text.length() > MOST_TEXT) {
      text = text.substring(0, MOST_TEXT);
    }
    try {
      opener.apply(text).close();
      return true;
    } catch (AllocatorConfigException e) {
      String message = String.valueOf(e.getMessage());
      boolean placed = message.contains("of the expression") || message.contains("the expression ");
      if (!placed) {
        throw new AssertionError("no place: " + message + ", of: " + shown, e);
      }
      if (e.getCause() != null && !(e.getCause() instanceof IllegalArgumentException)) {
        throw new AssertionError("a provider failed: " + e.getCause() + ", of: " + shown, e);
      }
      return false;
    } catch (RuntimeException | Error e) {
      throw new AssertionError("another throwable: " + e + ", of: " + shown, e);
    }
  }

  @Override
  public List<Control> controls() {
    return List.of(
        new Control(
            "a parser that reads behind the end",
            () ->
                mutate(
                    2_000,
                    text -> {
                      if (text.endsWith(",") || text.endsWith("=")) {
                        throw new StringIndexOutOfBoundsException(text.length());
                      }
                      return AllocatorStack.open(text);
                    },
                    new Figures())),
        new Control(
            "a message without a place",
            () ->
                mutate(
                    2_000,
                    text -> {
                      if (text.contains("((")) {
                        throw new AllocatorConfigException("wrong");
                      }
                      return AllocatorStack.open(text);
                    },
                    new Figures())));
  }
}
