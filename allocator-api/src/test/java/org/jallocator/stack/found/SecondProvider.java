package org.jallocator.stack.found;

/** Provides {@code arena}: a leaf too. */
public final class SecondProvider extends LeafProvider {

  /** For the service loader. */
  public SecondProvider() {}

  @Override
  public String name() {
    return "arena";
  }
}
