package org.jallocator.bench.trace;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.jallocator.bench.console.BadInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TraceReaderTest {

  private static final String SMALL =
      """
      0 m 1 16
      0 m 2 300
      1 r 1 3 40
      0 f 2
      1 m 4 8
      """;

  @TempDir private Path directory;

  @ParameterizedTest
  @CsvSource({
    "cc1, 88421, 91004, 3098858, 4208",
    "perl, 443962, 484335, 20125145, 2961",
    "sqlite, 507408, 567882, 14921651, 16"
  })
  void bundledTracesAreWhatTheirReadmeSays(
      String name, int lines, int operations, long peakLiveBytes, int liveAtEnd)
      throws IOException {
    Trace trace = TraceReader.read(name);

    assertEquals(name, trace.name());
    assertEquals(lines, trace.lines());
    assertEquals(operations, trace.operations());
    assertEquals(peakLiveBytes, trace.peakLiveBytes());
    assertEquals(liveAtEnd, trace.liveAtEnd().length);
    assertEquals(1, trace.threadCount());
    String row =
        Files.readAllLines(readme()).stream()
            .filter(line -> line.startsWith("| " + name + ".trace.gz |"))
            .findFirst()
            .orElseThrow();
    assertTrue(
        row.endsWith(
            "| %,d | %,d | %,d | %,d |".formatted(lines, operations, peakLiveBytes, liveAtEnd)),
        row);
  }

  private static Path readme() {
    return Path.of("src/main/resources/org/jallocator/bench/traces/README.md");
  }

  @Test
  void reallocIsAMallocOfTheNewBlockAndThenAFreeOfTheOld() throws IOException {
    Trace trace = read(SMALL);

    assertArrayEquals(new long[] {16, 300, 40, Trace.FREE, Trace.FREE, 8}, trace.sizes());
    assertArrayEquals(new int[] {0, 1, 2, 0, 1, 1}, trace.slots());
    assertArrayEquals(new int[] {0, 0, 1, 1, 0, 1}, trace.threads());
    assertEquals(5, trace.lines());
    assertEquals(2, trace.threadCount());
    assertEquals(16 + 300 + 40, trace.peakLiveBytes());
    assertEquals(300, trace.largestSize());
    assertArrayEquals(new int[] {1, 2}, trace.liveAtEnd());
  }

  @Test
  void thereAreNoMoreSlotsThanBlocksLiveAtOnce() {
    for (String name : TraceReader.BUNDLED) {
      Trace trace = TraceReader.read(name);
      int live = 0;
      int peak = 0;
      for (long size : trace.sizes()) {
        live += size == Trace.FREE ? -1 : 1;
        peak = Math.max(peak, live);
      }
      assertEquals(peak, trace.slotCount(), name);
    }
  }

  @Test
  void plainTextAndGzipReadAlike() throws IOException {
    Path gzip = directory.resolve("small.trace.gz");
    Files.write(gzip, gzip(SMALL));

    assertSame(read(SMALL), TraceReader.read(gzip.toString()));
  }

  @Test
  void carriageReturnsAndAMissingLastLineEndAreRead() throws IOException {
    assertSame(read(SMALL), read(SMALL.replace("\n", "\r\n")));
    assertSame(read(SMALL), read(SMALL.stripTrailing()));
  }

  @Test
  void idsMayLeaveGaps() throws IOException {
    assertSame(read(SMALL), read(SMALL.replace("m 4", "m 4000000000")));
  }

  @Test
  void sizeZeroIsReplayedAsOneByte() throws IOException {
    assertArrayEquals(new long[] {1, 1, Trace.FREE}, read("0 m 1 0\n0 r 1 2 0\n").sizes());
  }

  @Test
  void goesToAnotherJvmAndBackUnchanged() throws IOException {
    Trace trace = read(SMALL);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    trace.writeTo(new DataOutputStream(bytes));

    Trace copy = Trace.readFrom(new DataInputStream(new ByteArrayInputStream(bytes.toByteArray())));

    assertSame(trace, copy);
    assertEquals(trace.name(), copy.name());
    assertEquals(trace.lines(), copy.lines());
  }

  @Test
  void tracesAreCalledByTheirFilesUnlessThatIsAmbiguous() throws IOException {
    String first = write("a.trace", SMALL);
    String second = write("b.trace", SMALL);
    Files.createDirectory(directory.resolve("sub"));
    String third = write("sub/a.trace", SMALL);

    assertEquals(List.of("a", "b"), names(first, second));
    assertEquals(List.of(first, third), names(first, third));
  }

  private static List<String> names(String... arguments) {
    return TraceReader.readAll(Arrays.asList(arguments)).stream().map(Trace::name).toList();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '>',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "''>line is not THREAD m|f|r ...: line=''",
        "0>line is not THREAD m|f|r ...: line='0'",
        "0 x 1>operation is none of m, f, r: operation='x'",
        "0 M 4 1>operation is none of m, f, r: operation='M'",
        " 0 m 4 1>operation is none of m, f, r: operation='0'",
        "0 m 4>line is not THREAD m ID SIZE: line='0 m 4'",
        "0 m 4 8 >line is not THREAD m ID SIZE: line='0 m 4 8 '",
        "0 f 4 8>line is not THREAD f ID: line='0 f 4 8'",
        "0 f>line is not THREAD f ID: line='0 f'",
        "0 r 2 4>line is not THREAD r OLD NEW SIZE: line='0 r 2 4'",
        "a m 4 8>THREAD is no whole number: THREAD='a'",
        "-1 m 4 8>THREAD is no whole number: THREAD='-1'",
        "2147483648 m 4 8>THREAD is too large: THREAD='2147483648', limit=2147483647",
        "0 m 4 >SIZE is no whole number: SIZE=''",
        "0 m 4 -8>SIZE is no whole number: SIZE='-8'",
        "0 m 4 +8>SIZE is no whole number: SIZE='+8'",
        "0 m 4 8.0>SIZE is no whole number: SIZE='8.0'",
        "0 m 4 \u0668>SIZE is no whole number: SIZE='??'",
        "0 m 4 0x8>SIZE is no whole number: SIZE='0x8'",
        "0 m 4 9223372036854775808>SIZE is too large: SIZE='9223372036854775808',"
            + " limit=9223372036854775807",
        "0 m 4 9223372036854775807>live bytes exceed the largest number:"
            + " SIZE=9223372036854775807, live before=316",
        "0 m 0 8>ID is less than 1: ID=0, limit=1",
        "0 m 3 8>ID does not count up, or is used again: ID=3, last ID=3",
        "0 m 2 8>ID does not count up, or is used again: ID=2, last ID=3",
        "0 r 3 3 8>ID does not count up, or is used again: ID=3, last ID=3",
        "0 f 1>ID is none of a live block: ID=1, last ID=3",
        "0 f 4>ID is none of a live block: ID=4, last ID=3",
        "0 r 0 4 8>OLD is less than 1: OLD=0, limit=1",
        "0 r 1 4 8>ID is none of a live block: ID=1, last ID=4",
        "\u0001\u0002 m>line is not THREAD m ID SIZE: line='?? m'",
        "0 f 11111111111111111111111111111111111111111111111>"
            + "ID is too large: ID='1111111111111111111111111111111111111111...',"
            + " limit=9223372036854775807",
      })
  void malformedLineIsNamedByNumber(String line, String message) throws IOException {
    String file = write("bad.trace", "0 m 1 16\n0 m 2 300\n0 f 1\n0 m 3 16\n" + line + "\n0 f 3\n");

    assertEquals(file + ":5: " + message, refusal(file));
  }

  @Test
  void endlessLineIsNotReadToItsEnd() throws IOException {
    String file = write("long.trace", "0 m 1 16\n" + "9".repeat(1 << 20));

    assertEquals(file + ":2: line is too long: limit=120", refusal(file));
  }

  @Test
  void emptyTraceIsRefused() throws IOException {
    String plain = write("empty.trace", "");
    String gzip = directory.resolve("empty.trace.gz").toString();
    Files.write(Path.of(gzip), gzip(""));

    assertEquals(plain + ": trace is empty", refusal(plain));
    assertEquals(gzip + ": trace is empty", refusal(gzip));
  }

  @Test
  void truncatedGzipIsRefusedWithTheLastLineRead() throws IOException {
    byte[] whole = gzip(SMALL);
    Path file = directory.resolve("cut.trace.gz");
    Files.write(file, Arrays.copyOf(whole, whole.length - 4));

    String message = refusal(file.toString());

    assertTrue(message.startsWith(file + ":"), message);
    assertTrue(message.contains(": gzip ends too early: "), message);
  }

  @Test
  void gzipThatEndsInItsHeaderIsRefused() throws IOException {
    Path file = directory.resolve("cut.trace.gz");
    Files.write(file, Arrays.copyOf(gzip(SMALL), 5));

    assertEquals(file + ": gzip ends too early: EOFException", refusal(file.toString()));
  }

  @Test
  void brokenGzipIsRefused() throws IOException {
    byte[] bytes = gzip(SMALL);
    bytes[12] ^= 0x55;
    bytes[13] ^= 0x55;
    Path file = directory.resolve("broken.trace.gz");
    Files.write(file, bytes);

    String message = refusal(file.toString());

    assertTrue(message.contains(": gzip is broken: "), message);
  }

  @Test
  void missingFileAndDirectoryAreRefused() {
    String missing = directory.resolve("missing.trace").toString();

    assertEquals("no such trace: " + missing + " (bundled: cc1, perl, sqlite)", refusal(missing));
    assertEquals("trace is a directory: " + directory, refusal(directory.toString()));
    assertEquals("trace is no path: 'a?b'", refusal("a\0b"));
  }

  private static String refusal(String argument) {
    return String.valueOf(
        assertThrows(BadInputException.class, () -> TraceReader.read(argument)).getMessage());
  }

  private Trace read(String text) throws IOException {
    return TraceReader.read(write("small.trace", text));
  }

  private String write(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text).toString();
  }

  private static byte[] gzip(String text) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }

  private static void assertSame(Trace expected, Trace actual) {
    assertArrayEquals(expected.sizes(), actual.sizes());
    assertArrayEquals(expected.slots(), actual.slots());
    assertArrayEquals(expected.threads(), actual.threads());
  }
}
