package org.jallocator.stack;

/** A stack. */
public final class AllocatorStack {
  private AllocatorStack() {}
}
