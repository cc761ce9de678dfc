package org.jallocator.stack.found;

/** Provides {@code jna} once more. */
public final class OtherLeafProvider extends LeafProvider {

  /** For the service loader. */
  public OtherLeafProvider() {}
}
