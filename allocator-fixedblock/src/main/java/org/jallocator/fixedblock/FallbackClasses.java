package org.jallocator.fixedblock;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jallocator.Allocator;
import org.jallocator.OwningAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Makes fallback allocators, with a class for each shape of them: a copy of one class file, as a
 * hidden class.
 *
 * <p>The compiler keeps what it sees of a method, such as the classes behind a call and the ways
 * that are never taken, once for each class that has the method. If all fallback allocators of a
 * program had one class, a malloc of each would be compiled with the hot paths of every kind of
 * primary in it; one stack beside others took up to twice its time alone. The copies see one kind
 * each.
 *
 * <p>A shape is made of this module's classes only, so the table keeps no class loader but its own.
 * There are as many as a program writes different nestings; from the {@value #MOST}th on, and if
 * the virtual machine does not let a class be copied, the class itself serves.
 *
 * <p>Shared, may block while another thread copies.
 */
final class FallbackClasses {

  /** How many copies there may be; more shapes are seldom hot at once, and each is compiled. */
  private static final int MOST = 64;

  private static final MethodHandles.Lookup LOOKUP = MethodHandles.lookup();

  private static final MethodType PLAIN =
      MethodType.methodType(void.class, OwningAllocator.class, Allocator.class);
  private static final MethodType OWNING =
      MethodType.methodType(void.class, OwningAllocator.class, OwningAllocator.class);

  private static final Map<Shape, MethodHandle> CONSTRUCTORS = new ConcurrentHashMap<>();

  /**
   * What decides which classes a fallback allocator calls in its hot paths.
   *
   * @param template what is copied
   * @param primary the primary's class, if it is a leaf of this module
   * @param tier the class of the next tier, if there is one
   */
  private record Shape(Class<?> template, @Nullable Class<?> primary, @Nullable Class<?> tier) {

    static Shape of(Class<?> template, Allocator primary, Allocator other) {
      return new Shape(
          template,
          primary instanceof PagedAllocator ? primary.getClass() : null,
          other instanceof FallbackAllocator ? other.getClass() : null);
    }
  }

  private FallbackClasses() {}

  /** {@return a new fallback allocator that is not owning} */
  static FallbackAllocator make(OwningAllocator primary, Allocator other) {
    Shape shape = Shape.of(PlainFallback.class, primary, other);
    return (FallbackAllocator) make(constructor(shape, PLAIN), primary, other);
  }

  /** {@return a new fallback allocator of two owning parts} */
  static OwningFallbackAllocator make(OwningAllocator primary, OwningAllocator other) {
    Shape shape = Shape.of(OwningFallback.class, primary, other);
    return (OwningFallbackAllocator) make(constructor(shape, OWNING), primary, other);
  }

  private static Object make(MethodHandle constructor, Allocator primary, Allocator other) {
    try {
      return constructor.invoke(primary, other);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static MethodHandle constructor(Shape shape, MethodType type) {
    MethodHandle known = CONSTRUCTORS.get(shape);
    return known != null ? known : newConstructor(shape, type);
  }

  private static synchronized MethodHandle newConstructor(Shape shape, MethodType type) {
    MethodHandle known = CONSTRUCTORS.get(shape);
    if (known == null) {
      Class<?> template = shape.template();
      known = constructor(CONSTRUCTORS.size() < MOST ? copy(template) : template, type);
      CONSTRUCTORS.put(shape, known);
    }
    return known;
  }

  private static MethodHandle constructor(Class<?> type, MethodType arguments) {
    try {
      return LOOKUP.findConstructor(type, arguments);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("no constructor of " + type, e);
    }
  }

  /** {@return a copy of a class, or the class itself if it cannot be copied} */
  private static Class<?> copy(Class<?> template) {
    try (InputStream in = template.getResourceAsStream(template.getSimpleName() + ".class")) {
      return in == null
          ? template
          : LOOKUP.defineHiddenClass(in.readAllBytes(), true).lookupClass();
    } catch (IOException | ReflectiveOperationException | UnsupportedOperationException e) {
      return template;
    }
  }
}
