package org.jallocator.arrow;

import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.arrow.memory.AllocationManager;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.DefaultAllocationManagerOption;

/** Checks that this version of Arrow has what we use of it, before a linkage error occurs. */
final class ArrowVersion {

  /** The versions that the tests ran with. */
  static final String TESTED = "18.1.0, 18.3.0, 19.0.0";

  private static final String DEFAULT_FACTORY = "DEFAULT_ALLOCATION_MANAGER_FACTORY";

  private ArrowVersion() {}

  /**
   * Checks that allocation managers can be made.
   *
   * @throws IllegalStateException if those of this version of Arrow differ
   */
  static void requireManagers() {
    try {
      Constructor<?> constructor =
          AllocationManager.class.getDeclaredConstructor(BufferAllocator.class);
      Set<String> open = abstractMethods(AllocationManager.class);
      Set<String> factory = abstractMethods(AllocationManager.Factory.class);
      if (Modifier.isPrivate(constructor.getModifiers())
          || !open.equals(Set.of("getSize", "memoryAddress", "release0"))
          || !factory.equals(Set.of("create", "empty"))) {
        throw misfit(new NoSuchMethodException("abstract: " + open + ", " + factory));
      }
    } catch (NoSuchMethodException | LinkageError e) {
      throw misfit(e);
    }
  }

  private static Set<String> abstractMethods(Class<?> type) {
    return Stream.of(type.getDeclaredMethods())
        .filter(method -> Modifier.isAbstract(method.getModifiers()))
        .map(Method::getName)
        .collect(Collectors.toSet());
  }

  /**
   * {@return the field in which Arrow keeps the default of the process}
   *
   * @throws IllegalStateException if this version of Arrow keeps it elsewhere, or if its module is
   *     not open
   */
  static Field defaultFactory() {
    try {
      Field field = DefaultAllocationManagerOption.class.getDeclaredField(DEFAULT_FACTORY);
      int modifiers = field.getModifiers();
      if (!Modifier.isStatic(modifiers) || Modifier.isFinal(modifiers)) {
        throw new NoSuchFieldException("not static, or final: field=" + field);
      }
      field.setAccessible(true);
      return field;
    } catch (InaccessibleObjectException e) {
      throw new IllegalStateException(
          "allocator-arrow: Arrow's module is not open: remedy=--add-opens"
              + " org.apache.arrow.memory.core/org.apache.arrow.memory=org.jallocator.arrow",
          e);
    } catch (NoSuchFieldException | LinkageError e) {
      throw misfit(e);
    }
  }

  private static IllegalStateException misfit(Throwable cause) {
    return new IllegalStateException(
        "allocator-arrow: this version of Arrow does not fit: version="
            + AllocationManager.class.getPackage().getImplementationVersion()
            + ", tested="
            + TESTED,
        cause);
  }
}
