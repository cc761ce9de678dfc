package org.jallocator.fixedblock;

import java.io.InputStream;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jallocator.Allocator;
import org.jallocator.OwningAllocator;
import org.jallocator.spi.StackRoom;
import org.jspecify.annotations.Nullable;

/**
 * Makes fallback allocators, with a class for each shape of them: a copy of one class file, as a
 * hidden class.
 *
 * <p>The compiler keeps what it sees of a method, such as the classes behind a call and the
 * branches that are never taken, once for each class that has the method. If all fallback
 * allocators of a program had one class, a malloc of each would be compiled with the hot paths of
 * every kind of primary in it; one stack beside others took up to twice its time alone. The copies
 * see one kind each.
 *
 * <p>A shape is made of this module's classes only, so the table keeps no class loader but its own.
 * There are as many as a program writes different nestings. After {@value #MOST} copies the class
 * itself serves; also if the virtual machine does not let it be copied, as in a native image, and
 * at the end of a stack.
 *
 * <p>Shared, may block while another thread copies.
 */
final class FallbackClasses {

  /** How many copies there may be; more shapes are seldom hot at once, and each is compiled. */
  private static final int MOST = 64;

  private static final Map<Shape, Copy> COPIES = new ConcurrentHashMap<>();

  private FallbackClasses() {}

  /** {@return a new fallback allocator that is not owning} */
  static FallbackAllocator make(OwningAllocator primary, Allocator other) {
    Copy copy = copyOf(PlainFallback.class, Allocator.class, primary, other);
    return copy.constructor == null
        ? new PlainFallback(primary, other)
        : (FallbackAllocator) copy.make(primary, other);
  }

  /** {@return a new fallback allocator of two owning parts} */
  static OwningFallbackAllocator make(OwningAllocator primary, OwningAllocator other) {
    Copy copy = copyOf(OwningFallback.class, OwningAllocator.class, primary, other);
    return copy.constructor == null
        ? new OwningFallback(primary, other)
        : (OwningFallbackAllocator) copy.make(primary, other);
  }

  private static Copy copyOf(
      Class<?> template, Class<?> otherType, Allocator primary, Allocator other) {
    if (!StackRoom.hasAboveStack()) {
      return Copy.NONE; // at the end of a stack the JDK's classes for it could fail for good
    }
    Shape shape = new Shape(template, primary, other);
    Copy copy = COPIES.get(shape);
    return copy != null ? copy : newCopy(shape, otherType);
  }

  private static synchronized Copy newCopy(Shape shape, Class<?> otherType) {
    Copy copy = COPIES.get(shape);
    if (copy == null) {
      copy = COPIES.size() < MOST ? Copy.of(shape.template, otherType) : Copy.NONE;
      if (copy != Copy.NONE) {
        COPIES.put(shape, copy);
      }
    }
    return copy;
  }

  /** What decides which classes a fallback allocator calls in its hot paths. */
  private static final class Shape {

    /** What is copied. */
    final Class<?> template;

    /** The primary's class, if it is a leaf of this module. */
    private final @Nullable Class<?> primary;

    /** The class of the next tier, if there is one. */
    private final @Nullable Class<?> tier;

    Shape(Class<?> template, Allocator primary, Allocator other) {
      this.template = template;
      this.primary = primary instanceof PagedAllocator ? primary.getClass() : null;
      this.tier = other instanceof FallbackAllocator ? other.getClass() : null;
    }

    // By hand: those of a record are made at the first call, which takes more stack than all else.

    @Override
    public boolean equals(@Nullable Object object) {
      return object instanceof Shape other
          && template == other.template
          && primary == other.primary
          && tier == other.tier;
    }

    @Override
    public int hashCode() {
      return 31 * (31 * template.hashCode() + Objects.hashCode(primary)) + Objects.hashCode(tier);
    }
  }

  /** A copy of a class. */
  private static final class Copy {

    /** Stands for the class itself. */
    static final Copy NONE = new Copy(null);

    private static final MethodHandles.Lookup LOOKUP = MethodHandles.lookup();

    final @Nullable MethodHandle constructor;

    private Copy(@Nullable MethodHandle constructor) {
      this.constructor = constructor;
    }

    /** {@return a copy of a class; {@link #NONE} if it cannot be copied} */
    static Copy of(Class<?> template, Class<?> otherType) {
      try (InputStream in = template.getResourceAsStream(template.getSimpleName() + ".class")) {
        if (in == null) {
          return NONE;
        }
        Class<?> copy = LOOKUP.defineHiddenClass(in.readAllBytes(), true).lookupClass();
        MethodType type = MethodType.methodType(void.class, OwningAllocator.class, otherType);
        return new Copy(LOOKUP.findConstructor(copy, type));
      } catch (Exception | Error cannotBeCopied) {
        return NONE;
      }
    }

    @SuppressWarnings("NullAway") // it has a constructor
    Object make(Allocator primary, Allocator other) {
      try {
        return constructor.invoke(primary, other);
      } catch (RuntimeException | Error e) {
        throw e;
      } catch (Throwable e) {
        throw new AssertionError(e);
      }
    }
  }
}
