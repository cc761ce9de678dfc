package org.jallocator.jna;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import org.jspecify.annotations.Nullable;

/**
 * What is to be known of a structure class before one of it is placed: its size, and the
 * constructor that takes a pointer. JNA looks for that constructor anew each time.
 *
 * <p>Shared, never blocks.
 */
final class StructType {

  private static final PerClass<StructType> OF_TYPE =
      new PerClass<>(type -> new StructType(type.asSubclass(Structure.class)));

  private final Class<? extends Structure> type;
  private final @Nullable Constructor<? extends Structure> constructor;
  private final int size;

  private StructType(Class<? extends Structure> type) {
    this.type = type;
    this.constructor = pointerConstructor(type);
    this.size = sizeOf(type);
  }

  static StructType of(Class<? extends Structure> type) {
    return OF_TYPE.get(type);
  }

  /** {@return the bytes of a structure as its constructor makes it} */
  int size() {
    return size;
  }

  /**
   * {@return a new structure on given memory}
   *
   * @param memory of at least {@link #size} bytes, all zero
   * @throws IllegalArgumentException if the structure cannot be made
   */
  Structure place(Pointer memory) {
    if (constructor == null) {
      return Structure.newInstance(type, memory);
    }
    try {
      return constructor.newInstance(memory);
    } catch (InvocationTargetException e) {
      throw new IllegalArgumentException(
          "structure's constructor failed: type=" + type.getName(), e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException("structure cannot be made: type=" + type.getName(), e);
    }
  }

  /** {@return the constructor, null where there is none that we, and not JNA alone, may call} */
  private static @Nullable Constructor<? extends Structure> pointerConstructor(
      Class<? extends Structure> type) {
    try {
      Constructor<? extends Structure> constructor = type.getConstructor(Pointer.class);
      return constructor.canAccess(null) ? constructor : null;
    } catch (NoSuchMethodException e) {
      return null;
    }
  }

  /** JNA tells the size of a class, but for a ByReference that of a pointer. */
  private static int sizeOf(Class<? extends Structure> type) {
    if (!Structure.ByReference.class.isAssignableFrom(type)) {
      return Native.getNativeSize(type, null);
    }
    Structure structure = Structure.newInstance(type);
    int size = structure.size();
    if (structure.getPointer() instanceof Memory memory) {
      memory.close();
    }
    return size;
  }
}
