package org.jallocator.bench.natives;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jallocator.bench.console.TextTable;
import org.jspecify.annotations.Nullable;

/**
 * The native rows of a run, and how every other row is set beside them: a column and a JSON key for
 * each allocator. Of what {@code --native} did not ask for there is neither.
 */
public final class NativeRows {

  /** Continues what a command's help says of JSON. */
  public static final String JSON_KEYS =
      " With --native also ratioToNativeGlibc, ratioToNativeJemalloc, ratioToNativeMimalloc, null"
          + " where that one was not measured.";

  /** Those of a run without {@code --native}. */
  public static final NativeRows NOT_ASKED = new NativeRows(false, List.of());

  private final boolean asked;
  private final List<PreloadedAllocator> found;

  private NativeRows(boolean asked, List<PreloadedAllocator> found) {
    this.asked = asked;
    this.found = List.copyOf(found);
  }

  /** {@return some that were found before} */
  static NativeRows of(List<PreloadedAllocator> found) {
    return new NativeRows(true, found);
  }

  /** {@return those of this machine} For what is missing, one line says why. */
  static NativeRows find(PrintWriter err) {
    List<PreloadedAllocator> found = new ArrayList<>();
    try {
      NativeProgram program = NativeProgram.compile();
      for (NativeAllocator allocator : NativeAllocator.values()) {
        try {
          found.add(PreloadedAllocator.find(program, allocator));
        } catch (NativeMissingException e) {
          err.println(e.getMessage());
        }
      }
    } catch (NativeMissingException e) {
      err.println("native rows are left out: " + e.getMessage());
    }
    err.flush();
    return of(found);
  }

  /** {@return what was found} */
  public List<PreloadedAllocator> found() {
    return found;
  }

  /** {@return the headings of a column for each of them} */
  public List<String> headings() {
    return found.stream().map(stack -> "ratio\nto C's\n" + stack.allocator().label()).toList();
  }

  /**
   * {@return the ratios of a row, for those columns}
   *
   * @param nanos the row's time
   * @param group the times of all rows that this one may be set beside, by stack
   */
  public List<String> ratios(double nanos, Map<String, Double> group) {
    return found.stream()
        .map(stack -> TextTable.decimal(nanos / group.getOrDefault(stack.name(), Double.NaN)))
        .toList();
  }

  /** Adds a row's ratios to it: with {@code --native} all the keys, null for what is missing. */
  public void putInto(Map<String, @Nullable Object> row, double nanos, Map<String, Double> group) {
    if (asked) {
      for (NativeAllocator allocator : NativeAllocator.values()) {
        Double theirs = group.get(allocator.stack());
        row.put(allocator.ratioKey(), theirs == null ? null : (Double) (nanos / theirs));
      }
    }
  }

  /** {@return what a stack is called in a legend} */
  public String describe(String stack) {
    return found.stream()
        .filter(candidate -> candidate.name().equals(stack))
        .map(PreloadedAllocator::describe)
        .findFirst()
        .orElse(stack);
  }

  /** {@return what there is to know of the rows, or nothing if there are none} */
  public String notes() {
    return found.isEmpty()
        ? ""
        : """
        native: the same calls made from C, on the allocator named, in a process of its own that \
        has one thread. A trace of several threads has no such rows.
        """;
  }
}
