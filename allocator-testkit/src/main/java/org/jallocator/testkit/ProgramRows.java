package org.jallocator.testkit;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.jallocator.Arena;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Random programs against a model, every invariant checked after every step. */
abstract class ProgramRows extends ArenaRows {

  private static final int STEPS = 250;

  @ParameterizedTest
  @EnumSource
  void everyInvariantHoldsAfterEachStepOf(Workload workload) {
    assumeTrue(workload != Workload.SCOPES || allocator() instanceof Arena, "not an Arena");
    Seeds.all()
        .forEach(
            seed -> {
              for (AddressRange range : ranges()) {
                String label = Seeds.label(seed) + ", " + workload + ", " + range;
                new RandomProgram(open(range, label), workload, seed).run(STEPS);
              }
            });
  }

  /** All ranges of addresses where they are invented; where they are not, one run is enough. */
  private AddressRange[] ranges() {
    return subject().ledger() == null
        ? new AddressRange[] {AddressRange.CROSSING}
        : AddressRange.values();
  }
}
