package org.jallocator.bench.compare;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jallocator.bench.console.BadInputException;
import org.jallocator.bench.console.Machine;
import org.jallocator.bench.console.Spread;
import org.jspecify.annotations.Nullable;

/**
 * A file that {@code --json} wrote, whichever command it was. An error names the file and the place
 * in it.
 *
 * @param name the path as the user gave it
 * @param machine what its first row was measured on
 * @param command what was typed to measure it
 * @param times the time of every row in nanoseconds, in the order of the file; not a number if the
 *     run has none
 */
record ResultFile(String name, Machine machine, String command, Map<Key, Spread> times) {

  /** What stands for a text that a file of an older version does not have. */
  private static final String UNKNOWN = "unknown";

  private static final List<Time> TIMES =
      List.of(
          new Time("nanosPerOperation", "nanosLow", "nanosHigh"),
          new Time("nanosPerBlock", "nanosLow", "nanosHigh"),
          new Time("inTurnNanos", "inTurnLow", "inTurnHigh"));

  /**
   * What a row is of: rows of two files that are equal in this are compared. The report is no part
   * of it, so a file of {@code report} can be compared with that of one command.
   *
   * @param group the workload and the threads
   * @param name the stack
   */
  record Key(String group, String name) {}

  /** The keys of a time and of the values between which half of the rounds lie. */
  private record Time(String median, String low, String high) {}

  /**
   * {@return what a file has}
   *
   * @throws BadInputException if it is not there, or is not what {@code --json} writes
   */
  static ResultFile read(String name) {
    List<?> rows = rows(name);
    if (rows.isEmpty()) {
      throw new BadInputException(name + ": no rows");
    }
    Map<Key, Spread> times = new LinkedHashMap<>();
    for (int i = 0; i < rows.size(); i++) {
      String place = name + ": row " + (i + 1);
      if (!(rows.get(i) instanceof Map<?, ?> row)) {
        throw new BadInputException(place + ": not an object: " + rows.get(i));
      }
      Key key = key(place, row);
      if (times.put(key, time(place, row)) != null) {
        throw new BadInputException(place + ": a second row of " + key.group + ", " + key.name);
      }
    }
    Map<?, ?> first = (Map<?, ?>) rows.get(0);
    Object processors = first.get("processors");
    Machine machine =
        new Machine(
            text(first, "processor"),
            processors instanceof Number number ? number.intValue() : 0,
            text(first, "jdk"),
            text(first, "commit"));
    return new ResultFile(name, machine, text(first, "command"), times);
  }

  private static List<?> rows(String name) {
    try {
      Object all = JSON.std.anyFrom(Files.readString(Path.of(name), StandardCharsets.UTF_8));
      if (all instanceof List<?> rows) {
        return rows;
      }
    } catch (JacksonException e) {
      JsonLocation at = e.getLocation();
      throw new BadInputException(
          "%s:%d:%d: not JSON: %s"
              .formatted(
                  name,
                  at == null ? 1 : at.getLineNr(),
                  at == null ? 1 : at.getColumnNr(),
                  e.getOriginalMessage().lines().findFirst().orElse("")),
          e);
    } catch (NoSuchFileException | InvalidPathException e) {
      throw new BadInputException("no such file: " + name, e);
    } catch (IOException e) {
      throw new BadInputException(
          name + ": cannot be read: " + e.getClass().getSimpleName().replace("Exception", ""), e);
    }
    throw new BadInputException(name + ": not an array of rows, as --json writes it");
  }

  private static Key key(String place, Map<?, ?> row) {
    String group = either(place, row, "workload", "trace");
    String threads = row.get("threads") instanceof Number count ? ", " + count : "";
    threads += threads.isEmpty() ? "" : threads.equals(", 1") ? " thread" : " threads";
    return new Key(group + threads, either(place, row, "stack", "variant"));
  }

  private static String either(String place, Map<?, ?> row, String key, String other) {
    if (row.get(row.containsKey(key) ? key : other) instanceof String text) {
      return text;
    }
    throw new BadInputException(place + ": no " + key + " and no " + other);
  }

  private static Spread time(String place, Map<?, ?> row) {
    for (Time time : TIMES) {
      if (row.containsKey(time.median)) {
        Double median = number(place, row, time.median);
        Double low = number(place, row, time.low);
        Double high = number(place, row, time.high);
        Double error = number(place, row, "errorNanos");
        if (median == null) {
          return Spread.exact(Double.NaN);
        }
        return low != null && high != null
            ? new Spread(median, low, high)
            : Spread.around(median, error == null ? Double.NaN : error);
      }
    }
    throw new BadInputException(
        place
            + ": no time: none of "
            + String.join(", ", TIMES.stream().map(Time::median).toList()));
  }

  private static @Nullable Double number(String place, Map<?, ?> row, String key) {
    Object value = row.get(key);
    if (value == null) {
      return null;
    }
    if (value instanceof Number number && number.doubleValue() >= 0) {
      return number.doubleValue();
    }
    throw new BadInputException(place + ": not a time: " + key + "=" + value);
  }

  private static String text(Map<?, ?> row, String key) {
    return row.get(key) instanceof String text ? text : UNKNOWN;
  }
}
