package org.jallocator.testkit;

import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;

/** A test that cannot fail is a defect: each planted bug is found by the test that is for it. */
final class PlantedBugsTest {

  @AfterEach
  void digUp() {
    MutantContract.planted = Bug.NONE;
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "NONE")
  void theContractFinds(Bug bug) {
    MutantContract.planted = bug;
    Events tests = run(bug.caughtBy());
    assertNotEquals(0, tests.started().count(), "nothing ran");
    assertNotEquals(0, tests.failed().count(), () -> bug.caughtBy() + " does not fail");
  }

  private static Events run(String testName) {
    return EngineTestKit.engine("junit-jupiter")
        .selectors(selectMethod(MutantContract.class, contractMethod(testName)))
        .execute()
        .testEvents();
  }

  private static Method contractMethod(String name) {
    return Stream.<Class<?>>iterate(
            AllocatorContract.class, type -> type != Object.class, Class::getSuperclass)
        .flatMap(type -> Arrays.stream(type.getDeclaredMethods()))
        .filter(method -> method.getName().equals(name))
        .findAny()
        .orElseThrow(() -> new AssertionError("the contract has no test " + name));
  }
}
