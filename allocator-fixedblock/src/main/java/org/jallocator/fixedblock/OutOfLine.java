package org.jallocator.fixedblock;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Calls what a core seldom has to do, in a way that the compiler cannot inline.
 *
 * <p>In times when pages come and go, what is seldom done is done often, and the compiler would
 * inline all of it into malloc and free. These would then be too large to be inlined themselves,
 * for good: a call and two dozen spilled registers for each block. There is no annotation against
 * that for code outside the JDK; but a handle that is no constant is called and not inlined. Price:
 * some nanoseconds a call.
 *
 * <p>As shared as the core is.
 */
final class OutOfLine {

  private static final MethodHandle TAKE_SLOW = find("takeSlow", long.class, int.class);
  private static final MethodHandle GIVE_SLOW = find("giveSlow", boolean.class, long.class);

  /** The same handles, where the compiler does not take them for constants. */
  private final MethodHandle takeSlow = TAKE_SLOW;

  private final MethodHandle giveSlow = GIVE_SLOW;

  private static MethodHandle find(String name, Class<?> result, Class<?> argument) {
    try {
      return MethodHandles.lookup()
          .findVirtual(Core.class, name, MethodType.methodType(result, argument));
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** {@link Core#takeSlow}. */
  long takeSlow(Core core, int sizeClass) {
    try {
      return (long) takeSlow.invokeExact(core, sizeClass);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** {@link Core#giveSlow}. */
  boolean giveSlow(Core core, long address) {
    try {
      return (boolean) giveSlow.invokeExact(core, address);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
