package org.jallocator.spi;

/**
 * Keeps a thread that shuts others out, again and again, from doing so nearly all the time: before
 * its next turn it leaves them as long as its last one took. For close, which fails while blocks
 * are live, so that programs try it again: those who are to free the blocks must get in meanwhile.
 *
 * <p>One thread at a time has a turn; any thread may ask for the next. Shared, may block: for
 * {@value #MAX_NANOS} nanoseconds at the most. Takes no lock and no memory.
 */
public final class Turns {

  /** The most that {@link #letOthersIn} waits, in nanoseconds. */
  public static final long MAX_NANOS = 10_000_000;

  private long began;
  private volatile long ended;

  /** How long the last turn took, in nanoseconds; 0 if there was none. */
  private volatile long length;

  /** No turn so far. */
  public Turns() {}

  /**
   * Waits until the last turn has been over for as long as it took, or for {@link #MAX_NANOS}. The
   * caller holds nothing that others wait for.
   */
  public void letOthersIn() {
    long nanos = length;
    for (int tries = 0; nanos != 0 && System.nanoTime() - ended < nanos; tries++) {
      Waiting.pause(tries);
    }
  }

  /** Begins a turn. */
  public void begin() {
    began = System.nanoTime();
  }

  /** Ends the turn. By the thread that began it. */
  public void end() {
    long now = System.nanoTime();
    ended = now;
    length = Math.min(now - began, MAX_NANOS);
  }
}
