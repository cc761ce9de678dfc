package org.jallocator.jna;

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

  /** Ends this, as its scope closes. May be called again. */
  void end() {
    peer = CLOSED;
  }

  @Override
  public void close() {
    peer = CLOSED;
  }
}
