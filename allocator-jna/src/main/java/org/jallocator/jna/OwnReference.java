package org.jallocator.jna;

import com.sun.jna.ptr.ByReference;

/**
 * The end of a by-reference that is on JNA's own memory. When its scope closes, it points at that
 * memory no more, and what still uses the memory keeps it from JNA's cleaner.
 */
final class OwnReference extends ScopeMemory {

  final ByReference reference;

  OwnReference(ByReference reference) {
    super(CLOSED, 0);
    this.reference = reference;
  }

  @Override
  void end() {
    super.end();
    reference.setPointer(ReferenceOfClosedScope.INSTANCE);
  }
}
