package org.jallocator.bench.replay;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How often the system had to find memory for a page that a thread touched. */
final class PageFaults {

  /** No number of page faults: the system does not tell. */
  static final long UNKNOWN = -1;

  /** Of one thread, since its compiler's threads have faults of their own. */
  private static final Path LINUX = Path.of("/proc/thread-self/stat");

  /** The field of the minor faults, behind the name of the thread, which may have blanks. */
  private static final int FIELD = 8;

  private PageFaults() {}

  /** {@return the page faults of the calling thread so far, or {@link #UNKNOWN}} */
  static long ofThisThread() {
    try {
      return minorFaults(Files.readString(LINUX));
    } catch (IOException e) {
      return UNKNOWN;
    }
  }

  /** {@return the minor faults in a line of the format of {@code /proc/self/stat}} */
  static long minorFaults(String stat) {
    return Long.parseLong(stat.substring(stat.lastIndexOf(')') + 1).split(" ", -1)[FIELD]);
  }
}
