package org.jallocator.bench.trace;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jallocator.bench.console.BadInputException;
import org.jspecify.annotations.Nullable;

/**
 * Reads one trace, gzip-compressed or plain, and checks every line. The form is described in {@code
 * traces/README.md} beside the bundled traces. Whatever is wrong is a {@link BadInputException}
 * that names the file and, if there is one, the line.
 *
 * <p>A size of 0 is read as 1: C allows {@code malloc(0)}, the contract here does not.
 */
public final class TraceReader {

  /** The traces inside the jar, by name. */
  public static final List<String> BUNDLED = List.of("cc1", "perl", "sqlite");

  private static final int GZIP_MAGIC = 0x1f8b;
  private static final int LONGEST_LINE = 120;
  private static final int LONGEST_QUOTE = 40;

  private final String source;
  private final InputStream in;
  private final TraceBuilder builder = new TraceBuilder();
  private final byte[] line = new byte[LONGEST_LINE];
  private int lineNumber;

  private TraceReader(String source, InputStream in) {
    this.source = source;
    this.in = in;
  }

  /**
   * {@return the traces that arguments name, in their order} Each is called by its file's name
   * without the ending, and by the whole argument if two would be called alike.
   *
   * @throws BadInputException if one cannot be read
   */
  public static List<Trace> readAll(List<String> arguments) {
    List<Trace> traces = arguments.stream().map(TraceReader::read).toList();
    long names = traces.stream().map(Trace::name).distinct().count();
    if (names == traces.size()) {
      return traces;
    }
    List<Trace> renamed = new ArrayList<>();
    for (int i = 0; i < traces.size(); i++) {
      renamed.add(traces.get(i).named(arguments.get(i)));
    }
    return renamed;
  }

  /**
   * {@return the trace that an argument names: a file, or, if there is no such file, a bundled
   * trace}
   *
   * @throws BadInputException if there is no such trace, or it cannot be read to its end
   */
  public static Trace read(String argument) {
    Path path = pathOf(argument);
    if (BUNDLED.contains(argument) && !Files.exists(path)) {
      return readBundled(argument);
    }
    if (Files.isDirectory(path)) {
      throw new BadInputException("trace is a directory: " + argument);
    }
    try (InputStream file = Files.newInputStream(path)) {
      return read(nameOf(path), argument, file);
    } catch (NoSuchFileException e) {
      throw new BadInputException(
          "no such trace: " + argument + " (bundled: " + String.join(", ", BUNDLED) + ")", e);
    } catch (IOException e) {
      throw new BadInputException("trace cannot be read: " + argument + ": " + reasonOf(e), e);
    }
  }

  private static Trace readBundled(String name) {
    String resource = "/org/jallocator/bench/traces/" + name + ".trace.gz";
    try (InputStream in = TraceReader.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("bundled trace is missing from the jar: " + resource);
      }
      return read(name, resource, in);
    } catch (IOException e) {
      throw new IllegalStateException("bundled trace cannot be read: " + resource, e);
    }
  }

  private static Trace read(String name, String source, InputStream file) throws IOException {
    TraceReader reader = null;
    try {
      InputStream buffered = new BufferedInputStream(file, 1 << 16);
      boolean compressed = startsWithGzipMagic(buffered);
      InputStream text =
          compressed ? new BufferedInputStream(new GZIPInputStream(buffered, 1 << 16)) : buffered;
      reader = new TraceReader(source, text);
      return reader.readAll(name);
    } catch (EOFException | ZipException e) {
      String place = reader == null || reader.lineNumber == 0 ? "" : ":" + reader.lineNumber;
      String kind = e instanceof EOFException ? "gzip ends too early" : "gzip is broken";
      throw new BadInputException(source + place + ": " + kind + ": " + reasonOf(e), e);
    }
  }

  private static boolean startsWithGzipMagic(InputStream in) throws IOException {
    in.mark(2);
    int magic = in.read() << 8 | in.read();
    in.reset();
    return magic == GZIP_MAGIC;
  }

  private Trace readAll(String name) throws IOException {
    for (String text = nextLine(); text != null; text = nextLine()) {
      try {
        parse(text);
      } catch (IllegalArgumentException e) {
        throw new BadInputException(source + ":" + lineNumber + ": " + e.getMessage(), e);
      }
    }
    if (lineNumber == 0) {
      throw new BadInputException(source + ": trace is empty");
    }
    return builder.build(name, lineNumber);
  }

  /** Reads bytes, not text: a file of another kind may be one line of gigabytes. */
  private @Nullable String nextLine() throws IOException {
    int length = 0;
    int next = in.read();
    if (next < 0) {
      return null;
    }
    lineNumber++;
    for (; next >= 0 && next != '\n'; next = in.read()) {
      if (length == LONGEST_LINE) {
        throw new BadInputException(
            source + ":" + lineNumber + ": line is too long: limit=" + LONGEST_LINE);
      }
      line[length++] = (byte) next;
    }
    if (length > 0 && line[length - 1] == '\r') {
      length--;
    }
    return new String(line, 0, length, StandardCharsets.ISO_8859_1);
  }

  private void parse(String text) {
    String[] fields = text.split(" ", -1);
    if (fields.length < 2) {
      throw new IllegalArgumentException("line is not THREAD m|f|r ...: line=" + quote(text));
    }
    switch (fields[1]) {
      case "m" -> {
        requireFields("THREAD m ID SIZE", fields, text);
        builder.malloc(thread(fields[0]), id("ID", fields[2]), size(fields[3]));
      }
      case "f" -> {
        requireFields("THREAD f ID", fields, text);
        builder.free(thread(fields[0]), id("ID", fields[2]));
      }
      case "r" -> {
        requireFields("THREAD r OLD NEW SIZE", fields, text);
        int thread = thread(fields[0]);
        long old = id("OLD", fields[2]);
        builder.malloc(thread, id("NEW", fields[3]), size(fields[4]));
        builder.free(thread, old);
      }
      default ->
          throw new IllegalArgumentException(
              "operation is none of m, f, r: operation=" + quote(fields[1]));
    }
  }

  private static void requireFields(String form, String[] fields, String text) {
    if (fields.length != form.split(" ", -1).length) {
      throw new IllegalArgumentException("line is not " + form + ": line=" + quote(text));
    }
  }

  private static int thread(String digits) {
    return (int) number("THREAD", digits, Integer.MAX_VALUE);
  }

  private static long id(String field, String digits) {
    long id = number(field, digits, Long.MAX_VALUE);
    if (id < 1) {
      throw new IllegalArgumentException(
          field + " is less than 1: " + field + "=" + id + ", limit=1");
    }
    return id;
  }

  private static long size(String digits) {
    return Math.max(1, number("SIZE", digits, Long.MAX_VALUE));
  }

  private static long number(String field, String digits, long limit) {
    if (digits.isEmpty() || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw new IllegalArgumentException(
          field + " is no whole number: " + field + "=" + quote(digits));
    }
    try {
      long number = Long.parseLong(digits);
      if (number <= limit) {
        return number;
      }
    } catch (NumberFormatException e) {
      // More digits than a long holds: refused below, as every number beyond the limit.
    }
    throw new IllegalArgumentException(
        field + " is too large: " + field + "=" + quote(digits) + ", limit=" + limit);
  }

  /** Quotes what may be any bytes, so that a terminal can show it. */
  private static String quote(String text) {
    String printable = text.replaceAll("[^\\x20-\\x7e]", "?");
    return printable.length() <= LONGEST_QUOTE
        ? "'" + printable + "'"
        : "'" + printable.substring(0, LONGEST_QUOTE) + "...'";
  }

  private static Path pathOf(String argument) {
    try {
      return Path.of(argument);
    } catch (InvalidPathException e) {
      throw new BadInputException("trace is no path: " + quote(argument), e);
    }
  }

  private static String nameOf(Path path) {
    return String.valueOf(path.getFileName()).replaceFirst("(\\.trace)?(\\.gz)?$", "");
  }

  private static String reasonOf(Exception e) {
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message;
  }
}
