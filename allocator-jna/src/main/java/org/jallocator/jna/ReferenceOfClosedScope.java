package org.jallocator.jna;

import com.sun.jna.FromNativeContext;
import com.sun.jna.NativeMapped;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.ByReference;
import org.jspecify.annotations.Nullable;

/**
 * What a by-reference points at when no scope has it on loan.
 *
 * <p>In Java, every access throws, but for that of a {@code toString}. As an argument of an
 * interface-mapped function it is refused, as an "unsupported argument type": JNA asks a {@link
 * NativeMapped} class for an instance of its own and gets none, because this class is not public.
 * JNA's message has the name of this class, which therefore says what is wrong. Direct mapping
 * reads the address alone, and passes NULL.
 */
final class ReferenceOfClosedScope extends CheckedMemory implements NativeMapped {

  static final ReferenceOfClosedScope INSTANCE = new ReferenceOfClosedScope();

  /** How far above an access its toString is looked for. */
  private static final int MAX_FRAMES = 16;

  private ReferenceOfClosedScope() {
    super(CLOSED, 0);
  }

  /**
   * Lets {@code toString} of a by-reference pass, which reads the value: a log line or a debugger
   * is no use of the memory. It then shows address 0 and value 0.
   */
  private void requireToString() {
    boolean isToString =
        StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE)
            .walk(
                frames ->
                    frames
                        .limit(MAX_FRAMES)
                        .anyMatch(
                            frame ->
                                frame.getMethodName().equals("toString")
                                    && ByReference.class.isAssignableFrom(
                                        frame.getDeclaringClass())));
    if (!isToString) {
      throw closed();
    }
  }

  @Override
  public byte getByte(long offset) {
    requireToString();
    return 0;
  }

  @Override
  public short getShort(long offset) {
    requireToString();
    return 0;
  }

  @Override
  public int getInt(long offset) {
    requireToString();
    return 0;
  }

  @Override
  public long getLong(long offset) {
    requireToString();
    return 0;
  }

  @Override
  public float getFloat(long offset) {
    requireToString();
    return 0;
  }

  @Override
  public double getDouble(long offset) {
    requireToString();
    return 0;
  }

  @Override
  public @Nullable Pointer getPointer(long offset) {
    requireToString();
    return null;
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
