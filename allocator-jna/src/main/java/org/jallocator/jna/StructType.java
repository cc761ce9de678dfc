package org.jallocator.jna;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jallocator.spi.AllocatorErrors;
import org.jallocator.spi.StackRoom;
import org.jspecify.annotations.Nullable;

/**
 * What must be known of a structure class before one of it is placed: its size, and how to make one
 * on given memory. JNA looks both up anew each time.
 *
 * <p>Both are found by making one on zeros, never on JNA's own placeholder for a size, which is
 * NULL: a constructor or a {@code read()} that reads the pointer would end the process. The ways
 * are tried in turn:
 *
 * <ol>
 *   <li>the public constructor that takes a {@code Pointer};
 *   <li>if that fails, or leaves an array field null, the one without arguments, and then the
 *       structure is moved to the memory.
 * </ol>
 *
 * <p>Shared, never blocks.
 */
final class StructType {

  private static final PerClass<StructType> OF_TYPE =
      new PerClass<>(type -> learn(type.asSubclass(Structure.class)));

  /** Bytes of zeros that a class is tried on; more if it needs more. */
  private static final long MIN_SCRATCH = 64L << 10;

  private static final long MAX_SCRATCH = 256L << 20;

  /** A way to make a structure. */
  private interface Maker {
    Structure make(Pointer memory) throws ReflectiveOperationException;
  }

  private final Class<? extends Structure> type;
  private final Maker maker;
  private final boolean isFirstWay;
  private final int size;

  private StructType(Class<? extends Structure> type, Maker maker, boolean isFirstWay, int size) {
    this.type = type;
    this.maker = maker;
    this.isFirstWay = isFirstWay;
    this.size = size;
  }

  /**
   * {@return what is known of a class}
   *
   * @throws IllegalArgumentException if no structure of it can be made
   */
  static StructType of(Class<? extends Structure> type) {
    return OF_TYPE.get(type);
  }

  /** {@return the bytes of a structure as it is made on zeros} */
  int size() {
    return size;
  }

  /**
   * {@return a new structure on given memory}
   *
   * @param memory of at least {@link #size} bytes, all zero
   * @throws IllegalArgumentException if the structure cannot be made
   */
  Structure place(Pointer memory) {
    try {
      return maker.make(memory);
    } catch (ReflectiveOperationException | RuntimeException | Error e) {
      throw refused(type, e);
    }
  }

  /**
   * Makes structures one behind the other, linked as by {@code Structure.toArray} if JNA can make
   * them: JNA uses the first way alone.
   *
   * @param memory of at least {@link #size} bytes for each, all zero
   * @param structures an array of this class, at least one long
   * @throws IllegalArgumentException if a structure cannot be made, or does not stay on the memory
   */
  void placeAll(Pointer memory, Structure[] structures) {
    Structure first = place(memory);
    if (!first.getPointer().equals(memory)) {
      throw new IllegalArgumentException(
          "structure by value has no public constructor that takes a Pointer: type="
              + type.getName());
    }
    if (isFirstWay) {
      try {
        first.toArray(structures);
      } catch (RuntimeException | Error e) {
        throw refused(type, e);
      }
      return;
    }
    for (int i = 1; i < structures.length; i++) {
      structures[i] = place(memory.share((long) i * size, size));
    }
    structures[0] = first;
  }

  private static StructType learn(Class<? extends Structure> type) {
    requireNoReadOfNull(type);
    List<Throwable> failures = new ArrayList<>();
    for (Maker maker : makers(type)) {
      try {
        return new StructType(type, maker, failures.isEmpty(), sizeOf(maker));
      } catch (ReflectiveOperationException | RuntimeException | Error e) {
        rethrowIfOfTheMachine(e);
        failures.add(e);
      }
    }
    IllegalArgumentException refusal = refused(type, failures.get(failures.size() - 1));
    failures.subList(0, failures.size() - 1).forEach(refusal::addSuppressed);
    throw refusal;
  }

  /** Refuses what would end the process before JNA could say what is wrong. */
  private static void requireNoReadOfNull(Class<? extends Structure> type) {
    Optional<Field> found =
        onZeros(
            MIN_SCRATCH,
            zeros -> new NestedOnNull(Pointer.nativeValue(zeros), zeros.size()).find(type));
    if (found.isPresent()) {
      Field field = found.get();
      throw new IllegalArgumentException(
          "structure cannot be made: type="
              + type.getName()
              + ", fields="
              + List.of(field.getName())
              + ", reason=JNA makes it at NULL first, which the constructor of "
              + field.getType().getName()
              + " reads");
    }
  }

  private static List<Maker> makers(Class<? extends Structure> type) {
    Constructor<? extends Structure> ofPointer = pointerConstructor(type);
    if (ofPointer == null) {
      // JNA's way. It may see a constructor that we may not, in a module that is open to JNA alone.
      return List.of(memory -> Structure.newInstance(type, memory));
    }
    return List.of(
        ofPointer::newInstance,
        memory -> {
          Structure structure = Structure.newInstance(type);
          useMemory(structure, memory);
          return structure;
        });
  }

  /** {@return the constructor, null if there is none that we, and not JNA alone, may call} */
  private static @Nullable Constructor<? extends Structure> pointerConstructor(
      Class<? extends Structure> type) {
    try {
      Constructor<? extends Structure> constructor = type.getConstructor(Pointer.class);
      return constructor.canAccess(null) ? constructor : null;
    } catch (NoSuchMethodException e) {
      return null;
    }
  }

  /** Calls {@code Structure.useMemory}, which is for subclasses. */
  private static void useMemory(Structure structure, Pointer memory)
      throws ReflectiveOperationException {
    Method method = Structure.class.getDeclaredMethod("useMemory", Pointer.class);
    if (!method.trySetAccessible()) {
      throw new IllegalAccessException(
          "JNA's module does not open com.sun.jna to " + StructType.class.getModule());
    }
    method.invoke(structure, memory);
  }

  /** {@return the size of a structure that is made on zeros} */
  private static int sizeOf(Maker maker) throws ReflectiveOperationException {
    long bytes = MIN_SCRATCH;
    while (true) {
      try {
        return onZeros(bytes, scratch -> maker.make(scratch).size());
      } catch (ReflectiveOperationException | RuntimeException e) {
        if (bytes == MAX_SCRATCH || !(rootOf(e) instanceof IndexOutOfBoundsException)) {
          throw e;
        }
        bytes <<= 4;
      }
    }
  }

  /** What is done on scratch memory. */
  private interface Trial<T, E extends Exception> {
    T on(ScopeMemory zeros) throws E;
  }

  private static <T, E extends Exception> T onZeros(long bytes, Trial<T, E> trial) throws E {
    StackRoom.requireAboveStack(); // for what gives the bytes back
    ScopeMemory scratch = ScopeMemory.ofC(bytes);
    if (!scratch.valid()) {
      throw AllocatorErrors.outOfMemory("struct", bytes);
    }
    long address = Pointer.nativeValue(scratch);
    try {
      scratch.clear();
      return trial.on(scratch);
    } finally {
      scratch.close();
      Native.free(address);
    }
  }

  private static IllegalArgumentException refused(
      Class<? extends Structure> type, Throwable thrown) {
    rethrowIfOfTheMachine(thrown);
    Throwable root = rootOf(thrown);
    List<String> arrays =
        root instanceof IllegalStateException ? arraysLeftNull(type) : List.<String>of();
    return new IllegalArgumentException(
        "structure cannot be made: type="
            + type.getName()
            + (arrays.isEmpty() ? "" : ", fields=" + arrays)
            + ", reason="
            + reasonOf(thrown),
        thrown);
  }

  /**
   * {@return the first line of JNA's message, or of what a constructor threw} Reflection's own
   * exceptions say less than JNA's around them.
   */
  private static String reasonOf(Throwable thrown) {
    Throwable reason = thrown;
    while (reason.getCause() != null
        && !(reason instanceof IllegalArgumentException
            && reason.getCause() instanceof ReflectiveOperationException cause
            && cause.getCause() == null)) {
      reason = reason.getCause();
    }
    String message = reason.getMessage() == null ? reason.toString() : reason.getMessage();
    return message.lines().findFirst().orElse(message);
  }

  /** {@return the array fields that no constructor fills: JNA says that there is one, not which} */
  private static List<String> arraysLeftNull(Class<? extends Structure> type) {
    Structure structure;
    try {
      structure = Structure.newInstance(type);
    } catch (RuntimeException | Error e) {
      rethrowIfOfTheMachine(e);
      structure = null;
    }
    Structure made = structure;
    return Stream.of(type.getFields())
        .filter(field -> field.getType().isArray() && !Modifier.isStatic(field.getModifiers()))
        .filter(
            field -> {
              try {
                return made == null || field.get(made) == null;
              } catch (IllegalAccessException e) {
                return true;
              }
            })
        .map(field -> field.getName())
        .toList();
  }

  private static Throwable rootOf(Throwable thrown) {
    Throwable root = thrown;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }

  /** A full stack or heap says nothing about the class. */
  private static void rethrowIfOfTheMachine(Throwable thrown) {
    if (rootOf(thrown) instanceof VirtualMachineError error) {
      throw error;
    }
  }
}
