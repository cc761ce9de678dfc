package org.jallocator.fixedblock;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.jallocator.Allocator;
import org.jallocator.spi.StackChecked;
import org.jallocator.spi.StackRoom;

/**
 * An allocator whose malloc and free are a few instructions each and leave what is rare to cold
 * twins, which are called in a way that the compiler cannot inline.
 *
 * <p>While pages come and go, what is seldom done is done often, and the compiler would inline all
 * of it into malloc and free. These would then be too large to be inlined themselves, for good: a
 * call and two dozen spilled registers for each block. Or they are inlined with it, and the loop
 * around them keeps its variables on the stack. There is no annotation against that for code
 * outside the JDK; but a handle that is no constant is called and not inlined. Price: some
 * nanoseconds a call.
 *
 * <p>Each cold twin begins with {@link StackRoom#require}: a stack overflow comes before the first
 * change.
 */
abstract class ColdCalls implements Allocator, StackChecked {

  private static final MethodHandle MALLOC = find("mallocInRoom", long.class);
  private static final MethodHandle TRY_MALLOC = find("tryMallocInRoom", long.class);
  private static final MethodHandle TRY_FREE = find("tryFreeInRoom", boolean.class);

  /** The same handles; the compiler does not take them for constants. */
  private final MethodHandle malloc = MALLOC;

  private final MethodHandle tryMalloc = TRY_MALLOC;
  private final MethodHandle tryFree = TRY_FREE;

  private static MethodHandle find(String name, Class<?> result) {
    try {
      return MethodHandles.lookup()
          .findVirtual(ColdCalls.class, name, MethodType.methodType(result, long.class));
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** All of malloc. */
  abstract long mallocSlow(long size);

  /** All of tryMalloc. */
  abstract long tryMallocSlow(long size);

  /** {@return false, and nothing has changed, iff the address is not this one's to free} */
  abstract boolean tryFreeSlow(long address);

  final long mallocInRoom(long size) {
    StackRoom.require();
    return mallocSlow(size);
  }

  final long tryMallocInRoom(long size) {
    StackRoom.require();
    return tryMallocSlow(size);
  }

  final boolean tryFreeInRoom(long address) {
    StackRoom.require();
    return tryFreeSlow(address);
  }

  /** {@link #mallocSlow}, out of line. */
  final long mallocCold(long size) {
    try {
      return (long) malloc.invokeExact(this, size);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** {@link #tryMallocSlow}, out of line. */
  final long tryMallocCold(long size) {
    try {
      return (long) tryMalloc.invokeExact(this, size);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** {@link #tryFreeSlow}, out of line. */
  final boolean tryFreeCold(long address) {
    try {
      return (boolean) tryFree.invokeExact(this, address);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
