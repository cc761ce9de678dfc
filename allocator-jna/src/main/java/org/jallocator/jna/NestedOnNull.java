package org.jallocator.jna;

import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the nested structures that end the process as JNA makes them.
 *
 * <p>For every field that is a structure JNA calls its constructor with a placeholder, which is at
 * NULL, before the field's initializer has run. The placeholder is skipped by JNA's own {@code
 * read}, but a constructor that reads it in another way ends the process: {@code OaIdl.FUNCDESC} of
 * jna-platform does. Here the constructor is called with zeros instead, and it is noted whether it
 * reads them.
 *
 * <p>Confined to its owner thread, used once.
 */
final class NestedOnNull {

  /** A nested structure's view of zeros: it stands in for JNA's placeholder, and takes notes. */
  private static final class Placeholder extends ScopeMemory {

    private boolean wasRead;

    Placeholder(long address, long size) {
      super(address, size);
    }

    @Override
    public Pointer share(long offset, long length) {
      return this;
    }

    @Override
    protected void boundsCheck(long offset, long length) {
      super.boundsCheck(offset, length);
      wasRead |= !isSkippedByJna();
    }

    /** {@return whether the access is a part of JNA's read or write of all fields} */
    private static boolean isSkippedByJna() {
      return StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE)
          .walk(
              frames ->
                  frames.anyMatch(
                      frame ->
                          frame.getDeclaringClass() == Structure.class
                              && (frame.getMethodName().equals("read")
                                  || frame.getMethodName().equals("write"))));
    }
  }

  private final long zeros;
  private final long size;
  private final Set<Class<?>> seen = new HashSet<>();

  /**
   * Makes a finder.
   *
   * @param zeros the address of zeros
   * @param size how many bytes
   */
  NestedOnNull(long zeros, long size) {
    this.zeros = zeros;
    this.size = size;
  }

  /** {@return the first field whose structure reads NULL as JNA makes it} */
  Optional<Field> find(Class<?> type) {
    if (!seen.add(type)) {
      return Optional.empty();
    }
    for (Field field : type.getFields()) {
      Class<?> nested = nestedIn(field);
      if (nested == null) {
        continue;
      }
      Optional<Field> deeper = find(nested);
      if (deeper.isPresent()) {
        return deeper;
      }
      if (readsItsPointer(nested)) {
        return Optional.of(field);
      }
    }
    return Optional.empty();
  }

  /** {@return the structure class of a field, or of its elements, that is nested; null iff none} */
  private static @Nullable Class<?> nestedIn(Field field) {
    Class<?> type = field.getType();
    while (type.isArray()) {
      type = type.getComponentType();
    }
    boolean nested =
        Structure.class.isAssignableFrom(type)
            && !Structure.ByReference.class.isAssignableFrom(type)
            && !Modifier.isStatic(field.getModifiers());
    return nested ? type : null;
  }

  private boolean readsItsPointer(Class<?> nested) {
    Placeholder placeholder = new Placeholder(zeros, size);
    try {
      // As JNA: the public constructor alone.
      nested.getConstructor(Pointer.class).newInstance(placeholder);
    } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
      // JNA reports whatever else is wrong with it.
    }
    return placeholder.wasRead;
  }
}
