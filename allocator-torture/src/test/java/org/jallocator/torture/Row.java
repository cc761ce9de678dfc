package org.jallocator.torture;

import java.util.List;

/**
 * A row of the table: something that is tried many times, and an oracle that says what is wrong.
 */
interface Row {

  /**
   * A planted bug, which the oracle must report by an AssertionError.
   *
   * @param name what the bug is
   * @param trial runs the oracle of the row on it
   */
  record Control(String name, Trial trial) {}

  /** Runs an oracle. */
  interface Trial {
    void run() throws Exception;
  }

  /** {@return what is counted} */
  String name();

  /**
   * Tries many times.
   *
   * @param figures takes what was tried
   * @param scale how many times; 1 is the full run
   * @throws AssertionError if something is wrong
   * @throws Exception if it could not be tried
   */
  void run(Figures figures, Scale scale) throws Exception;

  /** {@return the bugs that the oracle must report} */
  List<Control> controls();
}
