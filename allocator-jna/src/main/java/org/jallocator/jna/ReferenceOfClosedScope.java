package org.jallocator.jna;

import com.sun.jna.FromNativeContext;
import com.sun.jna.NativeMapped;

/**
 * What a by-reference points at when no scope has it on loan.
 *
 * <p>In Java, every access throws. As an argument of an interface-mapped function it is refused, as
 * an "unsupported argument type": JNA asks a {@link NativeMapped} class for an instance of its own
 * and gets none, because this class is not public. JNA's message has the name of this class, which
 * therefore says what is wrong. Direct mapping reads the address alone, and passes NULL.
 */
final class ReferenceOfClosedScope extends CheckedMemory implements NativeMapped {

  static final ReferenceOfClosedScope INSTANCE = new ReferenceOfClosedScope();

  private ReferenceOfClosedScope() {
    super(CLOSED, 0);
  }

  @Override
  IllegalStateException closed() {
    return new IllegalStateException("by-reference is used after its scope closed");
  }

  @Override
  public Object fromNative(Object value, FromNativeContext context) {
    throw closed();
  }

  @Override
  public Object toNative() {
    throw closed();
  }

  @Override
  public Class<?> nativeType() {
    throw closed();
  }
}
