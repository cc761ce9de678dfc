package org.jallocator.diagnostics;

import java.nio.file.Path;
import java.util.Optional;
import org.jallocator.Allocator;
import org.jallocator.Arena;
import org.jallocator.OwningAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Writes every malloc and free to a file, in the form that the bench replays.
 *
 * <pre>{@code
 * log(file='render.trace.gz', jna)
 *
 * THREAD m ID SIZE      malloc: a new block ID of SIZE bytes
 * THREAD f ID           free of block ID
 * }</pre>
 *
 * <p>Lines stand in the order in which the calls ended. Ids count up from 1, threads from 0, in the
 * order in which they appear. Mallocs and frees that failed are not written; blocks that are still
 * live at the end have no line of their own.
 *
 * <p>The file is gzip. A thread of this layer compresses and writes what is new once a second, and
 * earlier if much is new; each time the file is a whole gzip file. So if the process dies, the last
 * second is missing and nothing else. (If the machine dies, what the system had not written is
 * missing too.)
 *
 * <p>Bounded: a malloc or free stores three numbers under a short lock. If the writer falls behind
 * by some thousand lines, calls wait for it. If the file cannot be written, the program goes on
 * without a log, {@link #failure} says why, and close throws.
 *
 * <p>Confined to its owner thread, or shared and may block, as its inner is.
 */
@SuppressWarnings("exports") // clients do not see what the books say
public sealed class LogAllocator extends BookedAllocator<LogAllocator.LoggedBlock>
    permits OwningLogAllocator {

  static final String NAME = "log";

  /** A block and its id in the file. */
  static final class LoggedBlock extends Block {
    private long id;

    private LoggedBlock(long size) {
      super(size, size);
    }
  }

  private final Path file;
  private final TraceFile trace;
  private long lastId;

  LogAllocator(Allocator inner, Path file) {
    super(NAME, inner);
    this.file = file;
    this.trace = TraceFile.open(file);
  }

  /**
   * Makes a log.
   *
   * @param inner what blocks are taken from; stays open when this allocator closes
   * @param file where to write; replaced if it exists
   * @return a new allocator, owning or an arena iff the inner is
   * @throws IllegalArgumentException if the file cannot be opened for writing
   */
  public static LogAllocator create(Allocator inner, Path file) {
    if (inner instanceof Arena arena) {
      return new ArenaLogAllocator(arena, file);
    }
    return inner instanceof OwningAllocator owning
        ? new OwningLogAllocator(owning, file)
        : new LogAllocator(inner, file);
  }

  /** {@return why writing ended before close, or nothing} Shared, never blocks. */
  public final Optional<Exception> failure() {
    return trace.failure();
  }

  /**
   * Writes what is new now. Shared, may block until it is written.
   *
   * @throws IllegalStateException if the file cannot be written
   */
  public final void flush() {
    trace.flush();
    throwIfFailed();
  }

  @Override
  final @Nullable Object note(long address) {
    trace.awaitRoom();
    return null;
  }

  @Override
  final LoggedBlock prepare(long size) {
    trace.awaitRoom();
    return new LoggedBlock(size);
  }

  @Override
  final void entering(LoggedBlock block) {
    block.id = ++lastId;
    trace.add(block.id, block.size);
  }

  @Override
  final void left(LoggedBlock block, @Nullable Object note) {
    super.left(block, note);
    trace.add(block.id, TraceFile.FREE);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Confined to its owner thread, or shared and may block, as its inner is. Waits until all is
   * written.
   *
   * @throws IllegalStateException if the file could not be written; this allocator is closed all
   *     the same
   */
  @Override
  public final void close() {
    boolean wasClosed = isClosed();
    super.close();
    trace.close();
    throwIfFailed(wasClosed);
  }

  @Override
  public final void closeAndRelease() {
    boolean wasClosed = isClosed();
    try {
      super.closeAndRelease();
    } finally {
      if (isClosed()) {
        trace.close();
      }
    }
    throwIfFailed(wasClosed);
  }

  private void throwIfFailed(boolean wasClosed) {
    if (!wasClosed) {
      throwIfFailed();
    }
  }

  private void throwIfFailed() {
    Optional<Exception> failure = trace.failure();
    if (failure.isPresent()) {
      throw new IllegalStateException(
          NAME + ": file cannot be written: file=" + file + ", reason=" + failure.get(),
          failure.get());
    }
  }

  /** {@return the name, the file of the trace and the inner} */
  @Override
  public final String toString() {
    return NAME + "(file='" + file + "', " + inner + ")";
  }
}
