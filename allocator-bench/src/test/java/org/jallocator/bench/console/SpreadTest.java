package org.jallocator.bench.console;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class SpreadTest {

  @Test
  void medianIsTheMiddleOrTheMeanOfTheTwoThere() {
    assertEquals(7, Spread.of(new long[] {7}).median());
    assertEquals(2, Spread.of(new long[] {9, 1, 2}).median());
    assertEquals(2.5, Spread.of(new long[] {9, 3, 1, 2}).median());
    assertEquals(
        (double) Long.MAX_VALUE, Spread.of(new long[] {Long.MAX_VALUE, Long.MAX_VALUE}).median());
  }

  @Test
  void halfOfTheValuesLieWithin() {
    assertEquals(new Spread(3, 2, 4), Spread.of(5, 4, 3, 2, 1));
    assertEquals(new Spread(2.5, 1.75, 3.25), Spread.of(4, 1, 3, 2));
    assertEquals(new Spread(8, 8, 8), Spread.of(8));
  }

  @Test
  void errorThatIsNoNumberIsNoSpread() {
    assertEquals(Spread.exact(7), Spread.around(7, Double.NaN));
    assertEquals(new Spread(7, 0, 15), Spread.around(7, 8));
  }

  @Test
  void rateAndTimeAreEachOthersInverse() {
    assertEquals(new Spread(5, 4, 10), new Spread(20, 10, 25).inverse(100));
    assertEquals(new Spread(20, 10, 25), new Spread(5, 4, 10).inverse(100));
    assertEquals(new Spread(10, 8, 20), new Spread(5, 4, 10).times(2));
  }
}
