package org.jallocator.jna;

import com.sun.jna.FunctionMapper;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.util.Map;

/**
 * Binds C functions of any library by JNA's direct mapping.
 *
 * <p>JNA's fastest documented way into C is a class with native methods, and it binds each such
 * class to one library. So a small template class is defined once more, as a hidden class, for
 * every library that is bound: each copy has native methods of its own. A call by {@link
 * com.sun.jna.Function} would cost an argument array, boxes and more than twice the time.
 *
 * <p>Price: a call passes through libffi twice and takes several times as long as {@link
 * Native#malloc}, which JNA has in C; and a class and a few native stubs for each library live as
 * long as the process, and so does the library. Its callers therefore keep what they bind. Sizes
 * and addresses are passed as 64 bits. Not for a native image, which cannot define classes.
 */
final class LibraryCalls {

  /** The functions that every allocator written in C has. */
  interface Malloc {
    long malloc(long size);

    void free(long address);
  }

  /** C11's function for alignments beyond malloc's. */
  interface AlignedAlloc {
    long aligned_alloc(long alignment, long size);
  }

  /** The call that returns the length of a block. */
  interface UsableSize {
    long malloc_usable_size(long address);
  }

  /** Windows' functions for alignments beyond malloc's; what one gives the other must take. */
  interface WindowsAligned {
    long _aligned_malloc(long size, long alignment);

    void _aligned_free(long address);
  }

  // The templates are not private, because a copy is no nest mate.

  static final class MallocTemplate implements Malloc {
    @Override
    public native long malloc(long size);

    @Override
    public native void free(long address);
  }

  static final class AlignedAllocTemplate implements AlignedAlloc {
    @Override
    public native long aligned_alloc(long alignment, long size);
  }

  static final class UsableSizeTemplate implements UsableSize {
    @Override
    public native long malloc_usable_size(long address);
  }

  static final class WindowsAlignedTemplate implements WindowsAligned {
    @Override
    public native long _aligned_malloc(long size, long alignment);

    @Override
    public native void _aligned_free(long address);
  }

  private LibraryCalls() {}

  /** {@return the options with which a library is opened whose functions' names have a prefix} */
  static Map<String, ?> options(String prefix) {
    FunctionMapper mapper = (library, method) -> prefix + method.getName();
    return Map.of(Library.OPTION_FUNCTION_MAPPER, mapper);
  }

  /**
   * Binds malloc and free.
   *
   * @throws UnsatisfiedLinkError if the library lacks one
   */
  static Malloc malloc(NativeLibrary library) {
    return bind(Malloc.class, MallocTemplate.class, library);
  }

  /**
   * Binds aligned_alloc.
   *
   * @throws UnsatisfiedLinkError if the library lacks it
   */
  static AlignedAlloc alignedAlloc(NativeLibrary library) {
    return bind(AlignedAlloc.class, AlignedAllocTemplate.class, library);
  }

  /**
   * Binds malloc_usable_size.
   *
   * @throws UnsatisfiedLinkError if the library lacks it
   */
  static UsableSize usableSize(NativeLibrary library) {
    return bind(UsableSize.class, UsableSizeTemplate.class, library);
  }

  /**
   * Binds functions of the process itself, the C library's among them.
   *
   * @param type the interface that has the functions
   * @param template a class with no state that implements it by native methods
   * @throws UnsatisfiedLinkError if the process lacks one
   */
  static <T> T ofProcess(Class<T> type, Class<? extends T> template) {
    try (NativeLibrary process = ownProcess()) {
      return bind(type, template, process);
    }
  }

  /**
   * Binds functions of a library that stays loaded without us, such as the system's own.
   *
   * @param name the library
   * @param type the interface that has the functions
   * @param template a class with no state that implements it by native methods
   * @throws UnsatisfiedLinkError if the library lacks one
   */
  static <T> T ofLibrary(String name, Class<T> type, Class<? extends T> template) {
    try (NativeLibrary library = NativeLibrary.getInstance(name, options(""))) {
      return bind(type, template, library);
    }
  }

  /**
   * {@return an unshared handle on the process, to be closed once its functions are bound} They
   * stay bound. JNA registers every open handle with its cleaner, and the cleaner's thread lives
   * for as long as anything is registered.
   */
  static NativeLibrary ownProcess() {
    return NativeLibrary.getProcess(options(""));
  }

  /**
   * Binds the functions of an interface.
   *
   * @param type the interface
   * @param template a class with no state that implements it by native methods
   * @param library what has the functions
   * @throws UnsatisfiedLinkError if the library lacks one
   */
  static <T> T bind(Class<T> type, Class<? extends T> template, NativeLibrary library) {
    try {
      Class<?> copy = MethodHandles.lookup().defineHiddenClass(bytes(template), true).lookupClass();
      Native.register(copy, library);
      var constructor = copy.getDeclaredConstructor();
      return type.cast(constructor.newInstance());
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("cannot copy " + template, e);
    }
  }

  private static byte[] bytes(Class<?> template) {
    String name = template.getName();
    String file = name.substring(name.lastIndexOf('.') + 1) + ".class";
    try (InputStream in = template.getResourceAsStream(file)) {
      if (in == null) {
        throw new LinkageError("no class file of " + template);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
