package org.jallocator.bench;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The native rows of a run, and how every other row is set beside them: a column and a JSON key for
 * each allocator. Of what {@code --native} did not ask for there is neither.
 */
final class NativeStacks {

  static final String OPTION = "--native";

  static final String OPTION_DESCRIPTION =
      "Make the same calls from C too, on glibc, and on jemalloc and mimalloc where they are"
          + " installed (Debian: libjemalloc2, libmimalloc2.0). Needs a C compiler, cc.";

  /** Continues what a command's help says of JSON. */
  static final String JSON_KEYS =
      " With --native also ratioToNativeGlibc, ratioToNativeJemalloc, ratioToNativeMimalloc, null"
          + " where that one was not measured.";

  /** Those of a run without {@code --native}. */
  static final NativeStacks NOT_ASKED = new NativeStacks(false, List.of());

  /** Their names and numbers in full, and no more: every stack stands in the legend. */
  private static final int STACK_WIDTH = "1 ".length() + NativeAllocator.JEMALLOC.stack().length();

  private final boolean asked;
  private final List<NativeStack> found;

  private NativeStacks(boolean asked, List<NativeStack> found) {
    this.asked = asked;
    this.found = List.copyOf(found);
  }

  /** {@return some that were found before} */
  static NativeStacks of(List<NativeStack> found) {
    return new NativeStacks(true, found);
  }

  /** {@return those of this machine} For what is missing, one line says why. */
  static NativeStacks find(PrintWriter err) {
    List<NativeStack> found = new ArrayList<>();
    try {
      NativeProgram program = NativeProgram.compile();
      for (NativeAllocator allocator : NativeAllocator.values()) {
        try {
          found.add(NativeStack.find(program, allocator));
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
  List<NativeStack> found() {
    return found;
  }

  /** {@return the width that their columns leave to the stacks, of what these have without them} */
  int stackWidth(int alone) {
    return found.isEmpty() ? alone : STACK_WIDTH;
  }

  /** {@return the headings of a table with a column for each of them at its end} */
  String[] headings(String... others) {
    return Stream.concat(
            Stream.of(others),
            found.stream().map(stack -> "ratio\nto C's\n" + stack.allocator().label()))
        .toArray(String[]::new);
  }

  /**
   * {@return the cells of a row, with its ratios at their end}
   *
   * @param nanos the row's time
   * @param group the times of all rows that this one may be set beside, by stack
   */
  String[] cells(double nanos, Map<String, Double> group, String... others) {
    return Stream.concat(
            Stream.of(others),
            found.stream()
                .map(
                    stack ->
                        TextTable.decimal(nanos / group.getOrDefault(stack.name(), Double.NaN))))
        .toArray(String[]::new);
  }

  /** Adds a row's ratios to it: with {@code --native} all the keys, null for what is missing. */
  void putInto(Map<String, @Nullable Object> row, double nanos, Map<String, Double> group) {
    if (asked) {
      for (NativeAllocator allocator : NativeAllocator.values()) {
        Double theirs = group.get(allocator.stack());
        row.put(allocator.ratioKey(), theirs == null ? null : (Double) (nanos / theirs));
      }
    }
  }

  /** {@return what a stack is called in a legend} */
  String describe(String stack) {
    return found.stream()
        .filter(candidate -> candidate.name().equals(stack))
        .map(NativeStack::describe)
        .findFirst()
        .orElse(stack);
  }

  /** {@return what there is to know of the rows, or nothing where there are none} */
  String notes() {
    return found.isEmpty()
        ? ""
        : """
        native: the same calls made from C, on the allocator named, in a process of its own that has one thread. A trace of
        several threads has no such rows.
        """;
  }
}
