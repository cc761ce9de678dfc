package org.jallocator.diagnostics;

import java.util.List;
import org.jallocator.Arena;
import org.jallocator.spi.StackChecked;
import org.jallocator.spi.StackRoom;

/**
 * Makes the books of a layer follow the scopes of the arena below it.
 *
 * <pre>
 *   freeAll            endScope | the inner's freeAll | the books forget all blocks    | scopeEnded
 *   release of a mark  endScope | the inner's release | ... those entered after the mark | scopeEnded
 * </pre>
 *
 * <p>Whatever the inner throws, the blocks are not live any more, with one exception: a stack
 * overflow in an inner that is {@link StackChecked} has come before the first change. If {@code
 * endScope} throws, the inner is not asked. The scope has not ended then.
 *
 * <p>The monitor of the books guards the marks.
 *
 * @param <B> what the books say of a block
 */
final class Scopes<B extends Block> {

  private final BookedAllocator<B> layer;
  private final Arena inner;
  private final Books<B> books;

  /** The open marks. */
  private final Marks marks = new Marks();

  Scopes(BookedAllocator<B> layer, Arena inner) {
    this.layer = layer;
    this.inner = inner;
    this.books = layer.books;
  }

  /** As {@link Arena#freeAll}. */
  void freeAll() {
    StackRoom.requireForInner();
    layer.requireUsable();
    layer.giveBackStranded();
    layer.endScope(0);
    List<B> ending = since(0);
    boolean ended = true;
    try {
      inner.freeAll();
    } catch (StackOverflowError e) {
      ended = !StackChecked.is(inner);
      throw e;
    } finally {
      if (ended) {
        synchronized (books) {
          marks.clear();
        }
        end(ending, 0);
      }
    }
  }

  /** As {@link Arena#mark}. */
  long mark() {
    StackRoom.requireForInner();
    layer.requireUsable();
    synchronized (books) {
      marks.ensureRoom();
      long mark = inner.mark();
      marks.push(mark, books.lastSerial());
      return mark;
    }
  }

  /** As {@link Arena#release}. */
  void release(long mark) {
    StackRoom.requireForInner();
    layer.requireUsable();
    layer.giveBackStranded();
    long serial;
    synchronized (books) {
      serial = marks.serialOf(mark);
    }
    if (serial == Marks.NONE) {
      inner.release(mark); // refuses it
      return;
    }
    layer.endScope(serial);
    List<B> ending = since(serial);
    boolean ended = true;
    try {
      inner.release(mark);
    } catch (StackOverflowError e) {
      ended = !StackChecked.is(inner);
      throw e;
    } finally {
      if (ended) {
        synchronized (books) {
          marks.pop(mark);
        }
        end(ending, serial);
      }
    }
  }

  private void end(List<B> ending, long serial) {
    try {
      synchronized (books) {
        drop(ending);
      }
    } finally {
      layer.scopeEnded(serial);
    }
  }

  private List<B> since(long serial) {
    synchronized (books) {
      return books.since(serial);
    }
  }

  private void drop(List<B> blocks) {
    for (B block : blocks) {
      if (!block.leaving) {
        books.leave(block);
        layer.left(block, null);
      }
    }
  }
}
