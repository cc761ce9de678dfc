package org.jallocator.jna;

import com.sun.jna.Native;
import org.jspecify.annotations.Nullable;

/**
 * Memory that a scope handed out. The scope remembers it, the youngest first, and ends it when it
 * closes. Closing it before that ends it alone: its bytes are there again when the scope closes.
 */
class ScopeMemory extends CheckedMemory {

  /** What was handed out before this and has not ended. */
  @Nullable ScopeMemory older;

  ScopeMemory(long address, long size) {
    super(address, size);
  }

  /**
   * Takes bytes from C, outside of any scope. {@return memory that the caller gives to {@link
   * Native#free}; closed iff C has none} The object first: if there is no room for it, no bytes are
   * lost.
   */
  static ScopeMemory ofC(long size) {
    ScopeMemory memory = new ScopeMemory(CLOSED, size);
    memory.peer = Native.malloc(size);
    return memory;
  }

  /** Ends this, as its scope closes. May be called again. */
  void end() {
    peer = CLOSED;
  }

  @Override
  public void close() {
    peer = CLOSED;
  }
}
