package org.jallocator.fixedblock;

/** What an adopter asks. The control has another one, which believes that each thread has ended. */
final class Ended {

  private Ended() {}

  static boolean hasEnded(Thread thread) {
    return !thread.isAlive();
  }
}
