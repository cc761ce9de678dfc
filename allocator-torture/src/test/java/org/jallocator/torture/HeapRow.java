package org.jallocator.torture;

import java.util.List;
import java.util.Map;
import org.jallocator.torture.FaultyAllocator.Bug;

/** Java heaps that end in the middle of a call, each stack in a machine of its own. */
final class HeapRow implements Row {

  private static final long ERRORS = 2_000;

  @Override
  public String name() {
    return "full Java heaps";
  }

  @Override
  public void run(Figures figures, Scale scale) throws Exception {
    List<String> stacks = scale.isLarge() ? Stacks.all() : List.of(Stacks.GENERAL);
    long errors = scale.of(ERRORS / Stacks.all().size(), 10);
    for (String stack : stacks) {
      figures.add(fill(stack, errors));
    }
  }

  private static long fill(String stack, long errors) throws Exception {
    try {
      return ChildJvm.run(
              List.of(),
              Map.of(),
              List.of("-Xmx24m", "-Xint"),
              List.of(ProgramWithFullHeap.class.getName(), stack, "" + errors))
          .tried();
    } catch (AssertionError e) {
      throw new AssertionError(stack + ": " + e.getMessage(), e);
    }
  }

  @Override
  public List<Control> controls() {
    Bug bug = Bug.COUNTS_TOO_EARLY;
    String stack = FaultyProvider.expression(bug, "sizeclass(recorded)");
    return List.of(new Control(bug.name(), () -> fill(stack, 10)));
  }
}
