package org.jallocator.jna;

import com.sun.jna.Memory;
import com.sun.jna.NativeMappedConverter;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.ByReference;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The rings of one by-reference type that no scope holds.
 *
 * <p>A thread looks first in the slot of its own number, which has the ring that it had last, and
 * then in the others. A slot is a cache line's worth of references, of which one is used, so that
 * threads do not disturb each other. What finds no slot is left to the garbage collector: a ring
 * holds no native memory.
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
  private final boolean isPooled;
  private final long size;

  private ReferenceRings(Class<? extends ByReference> type) {
    this.type = type;
    this.isPooled = isWithoutFields(type);
    ByReference first = instance();
    this.size = isPooled ? detach(first) : 0;
  }

  /**
   * {@return whether all that a by-reference has is its pointer} One with fields of its own would
   * bring them to its next user, and may have kept views of the memory that it was made on.
   */
  private static boolean isWithoutFields(Class<?> type) {
    for (Class<?> at = type; at != ByReference.class; at = at.getSuperclass()) {
      for (Field field : at.getDeclaredFields()) {
        if (!Modifier.isStatic(field.getModifiers())) {
          return false;
        }
      }
    }
    return true;
  }

  /** Initializes this class: one whose initializer overflows stays broken. */
  static void initialize() {
    // The initializer has run.
  }

  boolean isPooled() {
    return isPooled;
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

  /** {@return a new by-reference as its class makes it, on memory of JNA's} */
  ByReference makeWithMemory() {
    return instance();
  }

  /**
   * Makes one; or has JNA make it, because a user's module may be open to JNA and not to us. JNA
   * keeps the first that it makes, and with it something for its cleaner's thread to wait for.
   */
  private ByReference instance() {
    try {
      Constructor<? extends ByReference> constructor = type.getConstructor();
      return constructor.canAccess(null)
          ? constructor.newInstance()
          : (ByReference) NativeMappedConverter.getInstance(type).defaultValue();
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof VirtualMachineError error) {
        throw error;
      }
      throw refused(e);
    } catch (ReflectiveOperationException e) {
      throw refused(e);
    } catch (VirtualMachineError e) {
      throw e;
    } catch (RuntimeException | Error e) {
      throw refused(e);
    }
  }

  private IllegalArgumentException refused(Throwable cause) {
    Throwable root = cause;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return new IllegalArgumentException(
        "by-reference cannot be made: type=" + type.getName() + ", reason=" + root, cause);
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

  /** {@return a ring for the caller alone, new if there is none} */
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
    if (!isPooled) {
      return;
    }
    try {
      ring.trim();
    } catch (OutOfMemoryError fullHeap) {
      return; // for the garbage collector, all of it
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
