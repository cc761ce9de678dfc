package org.jallocator.torture;

import java.util.List;
import java.util.stream.Stream;
import org.jallocator.torture.FaultyAllocator.Bug;

/** Random programs of mallocs and frees in all their forms, against a model. */
final class ModelRow implements Row {

  private static final long CALLS = 8_000_000;
  private static final int PROGRAM = 20_000;
  private static final int MOST_LIVE = 600;

  @Override
  public String name() {
    return "calls of random programs, with a model";
  }

  @Override
  public void run(Figures figures, Scale scale) {
    List<String> stacks = Stacks.all();
    long calls = scale.of(CALLS, 16_000);
    int program = (int) Math.max(200, Math.min(PROGRAM, calls / (4L * stacks.size())));
    for (long seed = 0; figures.total() < calls; seed++) {
      for (String stack : stacks) {
        run(stack, program, seed);
        figures.add(program);
      }
    }
  }

  private static void run(String stack, int calls, long seed) {
    try {
      Tower tower = Tower.open(stack, Stacks.inner(seed));
      Driver driver = new Driver(tower, Stacks.isOneLayer(stack), MOST_LIVE, seed);
      driver.run(calls);
      driver.end();
    } catch (RuntimeException | Error e) {
      throw new AssertionError(stack + ", seed=" + seed + ": " + e, e);
    }
  }

  @Override
  public List<Control> controls() {
    return Stream.of(
            Bug.HANDS_OUT_TWICE,
            Bug.HANDS_OUT_SHORT,
            Bug.MISCOUNTS,
            Bug.LOSES_A_FREE,
            Bug.FREES_TWICE)
        .map(
            bug ->
                new Control(
                    bug.name(),
                    () -> run(FaultyProvider.expression(bug, "sizeclass(recorded)"), 5000, 1)))
        .toList();
  }
}
