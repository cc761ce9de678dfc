package org.jallocator.diagnostics;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The file of a {@link LogAllocator}: takes calls in memory and has a thread of its own write them.
 *
 * <pre>
 * callers --add--> buffer --swap, once a second or if half full--> writer --gzip member--> file
 * </pre>
 *
 * <p>There are two buffers. Callers fill one, the writer empties the other; if both are in use and
 * the first is full, callers wait. What the writer writes is one gzip member, and members one
 * behind the other are one gzip file. The first byte of a member is written last: until then a
 * reader finds a zero where a member would begin, and ends there. So a process that dies in the
 * middle of a write leaves a file that is whole up to the member before.
 *
 * <p>Shared, may block.
 */
final class TraceFile {

  /** In the place of a size: the call was a free. */
  static final long FREE = 0;

  /** Numbers per call: thread, id, size. */
  private static final int STRIDE = 3;

  /** Calls from which on callers wait for the writer before they begin. */
  private static final int FULL = 1 << 13;

  /** Room behind {@link #FULL} for callers that have begun: one each. */
  private static final int ROOM = FULL + (1 << 10);

  private static final long SECOND = 1_000_000_000;

  private final FileChannel channel;
  private final TraceEncoder encoder = new TraceEncoder();
  private long position;

  /** Guards all that follows. */
  private final Object lock = new Object();

  private long[] active = new long[ROOM * STRIDE];
  private int count;
  private long[] spare = new long[ROOM * STRIDE];
  private boolean writing;
  private boolean flushing;
  private boolean closing;
  private boolean ended;
  private @Nullable Exception failure;

  private TraceFile(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * {@return a new file with nothing in it, and its writer running}
   *
   * @throws IllegalArgumentException if it cannot be opened
   */
  static TraceFile open(Path path) {
    try {
      TraceFile file =
          new TraceFile(
              FileChannel.open(
                  path,
                  StandardOpenOption.CREATE,
                  StandardOpenOption.WRITE,
                  StandardOpenOption.TRUNCATE_EXISTING));
      file.writeMember(new long[0], 0);
      Thread writer = new Thread(file::run, "jallocator-log");
      writer.setDaemon(true);
      writer.start();
      return file;
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "file cannot be opened for writing: file=" + path + ", reason=" + e, e);
    }
  }

  /** Waits until there is room for one more call. */
  void awaitRoom() {
    if (count >= FULL) { // read without the lock: the caller's own call at least is seen
      awaitLess(FULL);
    }
  }

  private void awaitLess(int limit) {
    synchronized (lock) {
      boolean interrupted = false;
      while (count >= limit && failure == null && !ended) {
        interrupted |= !waitFor(0);
      }
      restore(interrupted);
    }
  }

  /** Adds a call of the current thread. */
  void add(long id, long size) {
    long thread = Thread.currentThread().getId();
    synchronized (lock) {
      if (count == ROOM) {
        awaitLess(ROOM);
      }
      if (failure != null || ended) {
        return;
      }
      if (count == FULL / 2) {
        lock.notifyAll();
      }
      long[] active = this.active;
      int at = count * STRIDE;
      active[at] = thread;
      active[at + 1] = id;
      active[at + 2] = size;
      count++;
    }
  }

  /** {@return why writing ended too early, or nothing} */
  Optional<Exception> failure() {
    synchronized (lock) {
      return Optional.ofNullable(failure);
    }
  }

  /** Waits until all calls so far are in the file. */
  void flush() {
    synchronized (lock) {
      boolean interrupted = false;
      flushing = true;
      lock.notifyAll();
      while ((flushing || writing) && failure == null && !ended) {
        interrupted |= !waitFor(0);
      }
      restore(interrupted);
    }
  }

  /** Writes the rest and ends the writer. Closing twice is silent. */
  void close() {
    synchronized (lock) {
      boolean interrupted = false;
      closing = true;
      lock.notifyAll();
      while (!ended) {
        interrupted |= !waitFor(0);
      }
      restore(interrupted);
    }
  }

  /** {@return false iff the thread was interrupted} */
  @SuppressWarnings("WaitNotInLoop") // all callers loop
  private boolean waitFor(long millis) {
    try {
      lock.wait(millis);
      return true;
    } catch (InterruptedException e) {
      return false;
    }
  }

  private static void restore(boolean interrupted) {
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try (channel) {
      while (writeNext()) {
        synchronized (lock) {
          writing = false;
          lock.notifyAll();
        }
      }
    } catch (IOException | RuntimeException | Error e) {
      fail(e instanceof Exception exception ? exception : new IllegalStateException(e));
    } finally {
      synchronized (lock) {
        ended = true;
        lock.notifyAll();
      }
    }
  }

  private void fail(Exception e) {
    synchronized (lock) {
      failure = e;
      count = 0;
    }
  }

  /** Waits for calls and writes them; {@return false iff there will be no more} */
  private boolean writeNext() throws IOException {
    long[] calls;
    int n;
    synchronized (lock) {
      long due = System.nanoTime() + SECOND;
      while (count < FULL / 2 && !flushing && !closing) {
        long left = (due - System.nanoTime()) / 1_000_000;
        if (left <= 0) {
          if (count > 0) {
            break;
          }
          due = System.nanoTime() + SECOND;
          left = SECOND / 1_000_000;
        }
        waitFor(left);
      }
      if (count == 0 && closing) {
        return false;
      }
      calls = active;
      n = count;
      active = spare;
      spare = calls;
      count = 0;
      writing = true;
      flushing = false;
      lock.notifyAll();
    }
    if (n > 0) {
      writeMember(calls, n);
    }
    return true;
  }

  private void writeMember(long[] calls, int n) throws IOException {
    ByteBuffer member = ByteBuffer.wrap(encoder.encode(calls, n));
    ByteBuffer first = member.slice(0, 1);
    long at = position;
    member.position(1);
    while (member.hasRemaining()) {
      channel.write(member, at + member.position());
    }
    channel.write(first, at);
    position = at + member.limit();
  }
}
