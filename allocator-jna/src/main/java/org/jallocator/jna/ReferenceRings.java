package org.jallocator.jna;

import com.sun.jna.Memory;
import com.sun.jna.NativeMappedConverter;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.ByReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The rings of one by-reference type that no scope holds.
 *
 * <p>A thread looks in the slot of its own number first, where it put the ring that it had last,
 * and then in the others. A slot is a cache line's worth of references, of which one is used, so
 * that threads do not disturb each other. What finds no slot is left to the garbage collector: a
 * ring holds no native memory.
 *
 * <p>Shared, never blocks. One atomic exchange to take a ring and one to put it back.
 */
final class ReferenceRings {

  private static final int SLOTS = 64;
  private static final int STRIDE = 16;

  private static final PerClass<ReferenceRings> OF_TYPE =
      new PerClass<>(type -> new ReferenceRings(type.asSubclass(ByReference.class)));

  final Class<? extends ByReference> type;
  private final AtomicReferenceArray<@Nullable ReferenceRing> slots =
      new AtomicReferenceArray<>(SLOTS * STRIDE);
  private final long size;

  private ReferenceRings(Class<? extends ByReference> type) {
    this.type = type;
    this.size = detach(instance());
  }

  /**
   * {@return the rings of a type}
   *
   * @param type a by-reference class that JNA can make
   * @throws IllegalArgumentException if JNA cannot
   */
  static ReferenceRings of(Class<? extends ByReference> type) {
    return OF_TYPE.get(type);
  }

  /** {@return the bytes that a by-reference of this type points at} */
  long size() {
    return size;
  }

  /** {@return a new by-reference, its own memory freed} */
  ByReference make() {
    ByReference reference = instance();
    detach(reference);
    return reference;
  }

  /** Has JNA make it, because a user's module may be open to JNA and not to us. */
  private ByReference instance() {
    return (ByReference) NativeMappedConverter.getInstance(type).defaultValue();
  }

  private static long detach(ByReference reference) {
    Pointer own = reference.getPointer();
    if (!(own instanceof Memory memory)) {
      throw new IllegalArgumentException(
          "by-reference has no memory of its own: type=" + reference.getClass().getName());
    }
    memory.close();
    reference.setPointer(ReferenceOfClosedScope.INSTANCE);
    return memory.size();
  }

  /** {@return a ring for the caller alone, new where there is none} */
  ReferenceRing take() {
    int home = home();
    for (int step = 0; step < SLOTS; step++) {
      int slot = slot(home + step);
      if (slots.getPlain(slot) != null) {
        ReferenceRing ring = slots.getAndSet(slot, null);
        if (ring != null) {
          return ring;
        }
      }
    }
    return new ReferenceRing(this);
  }

  /** Takes a ring from its scope; nothing of it is lent. */
  void put(ReferenceRing ring) {
    if (!ring.isWorthKeeping()) {
      return;
    }
    int home = home();
    for (int step = 0; step < SLOTS; step++) {
      if (slots.compareAndSet(slot(home + step), null, ring)) {
        return;
      }
    }
  }

  private static int home() {
    return (int) Thread.currentThread().getId();
  }

  private static int slot(int number) {
    return (number & (SLOTS - 1)) * STRIDE;
  }
}
