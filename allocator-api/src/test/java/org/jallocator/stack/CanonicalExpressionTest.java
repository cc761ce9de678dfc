package org.jallocator.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.jallocator.AllocatorConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@link AllocatorStack#toString} promises: one form for all ways to write a stack. */
class CanonicalExpressionTest {

  private static final long SEED = 20261122;

  private static String canonical(String expression) {
    StackFixture fixture = new StackFixture().withEvery();
    fixture.properties.put("allocator.def.small", "fixedblock(blockSize=32, jna)");
    fixture.properties.put("allocator.def.leaf", "jna");
    try (AllocatorStack stack = fixture.open(expression)) {
      return stack.toString();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "jna                                            | jna",
        "jna()                                          | jna",
        "fallback(fixedblock(jna,pageSize=65536,blockSize=64),jna) |"
            + " fallback(fixedblock(blockSize=64, pageSize=64KiB, jna), jna)",
        "fallback(@small, @leaf,)                       | fallback(@small, @leaf)",
        "@small                                         | @small",
        "every(size=0)                                  | every(size=0)",
        "every(size=0GiB)                               | every(size=0)",
        "every(size=0064B)                              | every(size=64)",
        "every(size=1023)                               | every(size=1023)",
        "every(size=1K)                                 | every(size=1KiB)",
        "every(size=1025)                               | every(size=1025)",
        "every(size=1024KiB)                            | every(size=1MiB)",
        "every(size=1536KiB)                            | every(size=1536KiB)",
        "every(size=1024M)                              | every(size=1GiB)",
        "every(size=4096GiB)                            | every(size=4096GiB)",
        "every(size=8589934591G)                        | every(size=8589934591GiB)",
        "every(size=9223372036854775807)                | every(size=9223372036854775807)",
        "every(count=-05)                               | every(count=-5)",
        "every(count=-0)                                | every(count=0)",
        "every(label='a', mode='small', flag=true, count=2, size=1K) |"
            + " every(size=1KiB, count=2, flag=true, mode=small, label=a)",
        "every(mode='in between')                       | every(mode='in between')",
        "every(label='')                                | every(label='')",
        "every(label='it''s')                           | every(label='it''s')",
        "every(label='''')                              | every(label='''')",
        "every(label='64')                              | every(label='64')",
        "every(label=true)                              | every(label=true)",
        "every(label='ein Wort, ٦ (ä)')                 | every(label='ein Wort, ٦ (ä)')",
      })
  void isTheSameHoweverAStackIsWritten(String written, String canonical) {
    assertEquals(canonical, canonical(written));
    assertEquals(canonical, canonical(canonical));
  }

  @Test
  void leavesOutOptionsThatWereNotConfiguredEvenWhereTheyEqualTheDefault() {
    assertEquals("fixedblock(jna)", canonical("fixedblock(jna)"));
    assertEquals("fixedblock(blockSize=64, jna)", canonical("fixedblock(blockSize=64, jna)"));
  }

  @Test
  void parsesBackToAnEqualStackForRandomTrees() {
    Random random = new Random(SEED);
    for (int round = 0; round < 500; round++) {
      RandomExpression expression = new RandomExpression(random);
      String message = "seed=" + SEED + ", round=" + round + ", written=" + expression.written();
      StackFixture first = new StackFixture().withEvery();
      StackFixture second = new StackFixture().withEvery();
      try (AllocatorStack stack = first.open(expression.written());
          AllocatorStack again = second.open(stack.toString())) {
        assertEquals(expression.canonical(), stack.toString(), message);
        assertEquals(stack.toString(), again.toString(), message);
        assertEquals(first.created, second.created, message);
        assertEquals(stack.describe(), again.describe(), message);
      }
    }
  }

  @Test
  void isNeverLongerThanWhatIsAccepted() {
    String tight = "arena(chunkSize=1K,".repeat(31) + "every(label='%s')" + ")".repeat(31);
    String written = tight.formatted("x y".repeat((8192 - tight.length()) / 3));
    String message = new StackFixture().withEvery().refusal(written);
    assertEquals(
        "Text is too long at column 8193 of the canonical form of the expression:",
        message.lines().findFirst().orElse(""));
  }

  @Test
  void wrongTextIsRefusedAndNothingElseIsThrownWhateverItIs() {
    Random random = new Random(SEED);
    StackFixture fixture = new StackFixture().withEvery();
    int refused = 0;
    for (int round = 0; round < 5_000; round++) {
      String text = new RandomExpression(random).written();
      for (int mutations = 1 + random.nextInt(4); mutations > 0; mutations--) {
        text = mutated(text, random);
      }
      try {
        fixture.open(text).close();
      } catch (AllocatorConfigException e) {
        refused++;
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed=" + SEED + ", round=" + round + ", text=" + text, e);
      }
    }
    assertTrue(refused > 2_500 && refused < 5_000, refused + " refused");
  }

  private static final List<String> PIECES =
      List.of(
          "(",
          ")",
          ",",
          "=",
          "'",
          "@",
          "@a",
          " ",
          "\t",
          "\n",
          "\0",
          "KiB",
          "KB",
          "9".repeat(30),
          "-",
          ".",
          "jna",
          "true",
          "٦",
          "ı",
          "\uD83D",
          "\uDE00",
          "😀",
          "_",
          "\\",
          "\u2028",
          "\uFEFF");

  private static String mutated(String text, Random random) {
    int from = random.nextInt(text.length() + 1);
    int to = Math.min(text.length(), from + random.nextInt(3));
    String piece = random.nextInt(3) == 0 ? "" : PIECES.get(random.nextInt(PIECES.size()));
    return text.substring(0, from) + piece + text.substring(to);
  }

  @Test
  void namedPartsMustBeKnownToWhoParsesItAgain() {
    assertThrows(AllocatorConfigException.class, () -> new StackFixture().open(canonical("@leaf")));
  }
}
