package org.jallocator.testkit;

/** Random programs against a model, every invariant checked after every step. */
abstract class ProgramRules extends ArenaRules {

  private static final int STEPS = 250;

  @AppliesTo(forEach = Workload.class)
  void everyInvariantHoldsAfterEachStepOf(Workload workload) {
    Seeds.all()
        .forEach(
            seed -> {
              for (AddressRange range : ranges()) {
                String label = Seeds.label(seed) + ", " + workload + ", " + range;
                new RandomProgram(open(range, label), workload, seed).run(STEPS);
              }
            });
  }

  /** All ranges of addresses if they are invented; otherwise one run is enough. */
  private AddressRange[] ranges() {
    return subject().ledger() == null
        ? new AddressRange[] {AddressRange.CROSSING}
        : AddressRange.values();
  }
}
