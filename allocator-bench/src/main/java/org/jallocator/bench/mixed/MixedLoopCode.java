package org.jallocator.bench.mixed;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.util.Objects;
import org.jallocator.Allocator;

/** The one code of {@link MixedLoop}; copies of its class differ in nothing but their profiles. */
final class MixedLoopCode extends MixedLoop {

  MixedLoopCode() {}

  /** {@return a loop of a class of its own, with call sites of its own} */
  static MixedLoop copy() {
    String file = MixedLoopCode.class.getSimpleName() + ".class";
    try (InputStream in = MixedLoopCode.class.getResourceAsStream(file)) {
      return (MixedLoop)
          MethodHandles.lookup()
              .defineHiddenClass(Objects.requireNonNull(in, file).readAllBytes(), true)
              .lookupClass()
              .getDeclaredConstructor()
              .newInstance();
    } catch (IOException | ReflectiveOperationException e) {
      throw new IllegalStateException("loop cannot be copied", e);
    }
  }

  @Override
  long pairs(Allocator allocator, int[] sizes, int count) {
    long mixed = 0;
    for (int i = 0; i < count; i++) {
      long address = allocator.malloc(sizes[i & (sizes.length - 1)]);
      mixed ^= address;
      allocator.free(address);
    }
    return mixed;
  }

  @Override
  long churn(Allocator allocator, int[] sizes, long[] addresses, int count) {
    long mixed = 0;
    int slot = 0;
    for (int i = 0; i < count; i++) {
      // An odd step, so that neighbours in memory are not freed one after another.
      slot = (slot + 37) & (SLOTS - 1);
      allocator.free(addresses[slot]);
      long address = allocator.malloc(sizes[i & (sizes.length - 1)]);
      addresses[slot] = address;
      mixed ^= address;
    }
    return mixed;
  }
}
