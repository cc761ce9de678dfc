package org.jallocator.stack.found;

/** Cannot even be made. */
public final class ThrowingProvider extends LeafProvider {

  /** For the service loader. */
  public ThrowingProvider() {
    throw new UnsupportedOperationException("not on a Tuesday");
  }
}
