package org.jallocator.fixedblock;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Calls what an allocator seldom has to do, in a way that the compiler cannot inline.
 *
 * <p>In times when pages come and go, what is seldom done is done often, and the compiler would
 * inline all of it into malloc and free. These would then be too large to be inlined themselves,
 * for good: a call and two dozen spilled registers for each block. Or they are inlined with it, and
 * the loop around them keeps its variables on the stack. There is no annotation against that for
 * code outside the JDK; but a handle that is no constant is called and not inlined. Price: some
 * nanoseconds a call.
 *
 * <p>As shared as the allocator is.
 */
final class OutOfLine {

  private static final MethodHandle MALLOC = find("mallocSlow", long.class);
  private static final MethodHandle TRY_MALLOC = find("tryMallocSlow", long.class);
  private static final MethodHandle TRY_FREE = find("tryFreeSlow", boolean.class);

  /** The same handles, where the compiler does not take them for constants. */
  private final MethodHandle malloc = MALLOC;

  private final MethodHandle tryMalloc = TRY_MALLOC;
  private final MethodHandle tryFree = TRY_FREE;

  private static MethodHandle find(String name, Class<?> result) {
    try {
      return MethodHandles.lookup()
          .findVirtual(PagedAllocator.class, name, MethodType.methodType(result, long.class));
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** {@link PagedAllocator#mallocSlow}. */
  long malloc(PagedAllocator allocator, long size) {
    try {
      return (long) malloc.invokeExact(allocator, size);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** {@link PagedAllocator#tryMallocSlow}. */
  long tryMalloc(PagedAllocator allocator, long size) {
    try {
      return (long) tryMalloc.invokeExact(allocator, size);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** {@link PagedAllocator#tryFreeSlow}. */
  boolean tryFree(PagedAllocator allocator, long address) {
    try {
      return (boolean) tryFree.invokeExact(allocator, address);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
