package org.jallocator.bench.console;

import java.io.Console;
import java.io.PrintWriter;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Tells on stderr what a long run is at. On a terminal it is one line, written over and gone at the
 * end; elsewhere a plain line now and then. A run of less than two seconds tells nothing.
 *
 * <p>Confined to its owner thread.
 */
public final class Progress implements AutoCloseable {

  private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(2);
  private static final long TERMINAL_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long PLAIN_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** One less than the terminal has: some break the line after the last. */
  private static final int WIDTH = ResultTable.WIDTH - 1;

  private final PrintWriter err;
  private final boolean terminal;
  private final LongSupplier nanoTime;
  private long nextNanos;
  private boolean lineOpen;

  public Progress(PrintWriter err) {
    this(err, isTerminal(), System::nanoTime);
  }

  public Progress(PrintWriter err, boolean terminal, LongSupplier nanoTime) {
    this.err = err;
    this.terminal = terminal;
    this.nanoTime = nanoTime;
    nextNanos = nanoTime.getAsLong() + SILENCE_NANOS;
  }

  /** Tells where the run is, unless it told so a moment ago. */
  public void at(String place) {
    long now = nanoTime.getAsLong();
    if (now - nextNanos < 0) {
      return;
    }
    nextNanos = now + (terminal ? TERMINAL_PAUSE_NANOS : PLAIN_PAUSE_NANOS);
    String line = TextTable.shorten(place, WIDTH);
    if (terminal) {
      err.print("\r" + line + " ".repeat(WIDTH - line.length()));
      lineOpen = true;
    } else {
      err.println(line);
    }
    err.flush();
  }

  /** Takes the line off the terminal. */
  @Override
  public void close() {
    if (lineOpen) {
      err.print("\r" + " ".repeat(WIDTH) + "\r");
      err.flush();
      lineOpen = false;
    }
  }

  /** From JDK 22 on there can be a console without a terminal; it can be asked by then. */
  @SuppressWarnings("SystemConsoleNull") // it is, up to JDK 21
  private static boolean isTerminal() {
    Console console = System.console();
    if (console == null) {
      return false;
    }
    try {
      return (boolean) Console.class.getMethod("isTerminal").invoke(console);
    } catch (ReflectiveOperationException e) {
      return true;
    }
  }
}
