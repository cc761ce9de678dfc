package org.jallocator.bench.threads;

import java.util.concurrent.ThreadFactory;
import org.jallocator.bench.console.BadInputException;

/** Virtual threads, which JDK 21 has and JDK 17, for which this is compiled, has not. */
final class VirtualThreads {

  /** The first JDK that has them. */
  static final int FIRST_JDK = 21;

  private VirtualThreads() {}

  /** {@return whether this JVM has virtual threads} */
  static boolean available() {
    return Runtime.version().feature() >= FIRST_JDK;
  }

  /**
   * {@return what makes virtual threads}
   *
   * @throws BadInputException if this JVM has none
   */
  static ThreadFactory factory() {
    if (!available()) {
      throw new BadInputException(
          "virtual threads need a newer JDK: java="
              + Runtime.version().feature()
              + ", limit="
              + FIRST_JDK);
    }
    try {
      Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
      return (ThreadFactory)
          Class.forName("java.lang.Thread$Builder").getMethod("factory").invoke(builder);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("virtual threads cannot be made", e);
    }
  }
}
