package org.jallocator.jna;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A library whose malloc is bound. Kept for good, once for each name and prefix: it is unknown when
 * the last block of a library is gone, and unloading it would take the blocks along.
 *
 * @param library keeps the library loaded
 * @param prefix what its functions' names start with
 * @param malloc its malloc and free
 * @param alignedAlloc its own aligned_alloc; null iff it has none
 * @param usableSize its own malloc_usable_size; null iff it has none
 * @param file where it was loaded from
 */
record BoundLibrary(
    NativeLibrary library,
    String prefix,
    LibraryCalls.Malloc malloc,
    LibraryCalls.@Nullable AlignedAlloc alignedAlloc,
    LibraryCalls.@Nullable UsableSize usableSize,
    String file) {

  /** What glibc says of a library that keeps data for each thread if there is little room. */
  private static final String NO_STATIC_TLS = "static TLS";

  private static final String MORE_STATIC_TLS =
      "GLIBC_TUNABLES=glibc.rtld.optional_static_tls=16384 in its environment";

  /** The part of JNA's message that lists every entry of the class path. */
  private static final Pattern CLASS_PATH =
      Pattern.compile("resource path \\(.*\\)", Pattern.DOTALL);

  private record Key(String name, String prefix) {}

  private static final ConcurrentMap<Key, BoundLibrary> OPEN = new ConcurrentHashMap<>();

  /**
   * Opens a library.
   *
   * @param name its name, or its file
   * @param prefix what its functions' names start with
   * @throws IllegalArgumentException if there is no such library, or it has no malloc or free of
   *     its own
   */
  static BoundLibrary open(String name, String prefix) {
    return OPEN.computeIfAbsent(new Key(name, prefix), BoundLibrary::bind);
  }

  private static BoundLibrary bind(Key key) {
    NativeLibrary library = load(key.name, key.prefix);
    LibraryCalls.Malloc malloc;
    try {
      malloc = LibraryCalls.malloc(library);
    } catch (UnsatisfiedLinkError e) {
      throw noSymbol(library, e, key.prefix + "malloc", key.prefix + "free");
    }
    String file = fileOf(library, key.prefix + "malloc");
    requireOwn(library, key.prefix, file);
    return new BoundLibrary(
        library,
        key.prefix,
        malloc,
        has(library, key.prefix + "aligned_alloc", file)
            ? LibraryCalls.alignedAlloc(library)
            : null,
        has(library, key.prefix + "malloc_usable_size", file)
            ? LibraryCalls.usableSize(library)
            : null,
        file);
  }

  /**
   * Refuses a library whose malloc or free is that of another one, which it was linked with: the
   * system's loader looks there too.
   */
  private static void requireOwn(NativeLibrary library, String prefix, String file) {
    String fileOfFree = fileOf(library, prefix + "free");
    if (!isFileOf(library, file) || !file.equals(fileOfFree)) {
      throw new IllegalArgumentException(
          LibraryAllocator.NAME
              + ": library has no malloc and free of its own: library="
              + library.getFile()
              + ", "
              + prefix
              + "malloc="
              + file
              + ", "
              + prefix
              + "free="
              + fileOfFree);
    }
  }

  /**
   * {@return whether a function's file is the one that JNA opened, links resolved} If JNA left it
   * to the system to find the library, the name alone is compared, without its version. If the
   * system's C library is in parts and shows their functions as its own, there is nothing to
   * compare.
   */
  private static boolean isFileOf(NativeLibrary library, String file) {
    File opened = library.getFile();
    if (opened == null || !isElf()) {
      return true;
    }
    try {
      return opened.isAbsolute()
          ? opened.getCanonicalPath().equals(new File(file).getCanonicalPath())
          : withoutVersion(opened).equals(withoutVersion(new File(file)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String withoutVersion(File file) {
    String name = file.getName();
    int end = name.indexOf(".so");
    return end < 0 ? name : name.substring(0, end);
  }

  private static boolean isElf() {
    return Platform.isLinux() || Platform.isFreeBSD();
  }

  private static NativeLibrary load(String name, String prefix) {
    try {
      return NativeLibrary.getInstance(name, LibraryCalls.options(prefix));
    } catch (UnsatisfiedLinkError e) {
      throw new IllegalArgumentException(
          LibraryAllocator.NAME
              + ": no such library: name="
              + name
              + ", files="
              + files(name)
              + (new File(name).isAbsolute() ? "" : ", directories=" + directories())
              + ", loader="
              + reasons(e),
          e);
    }
  }

  /** {@return the names of the files that may be the library} */
  private static List<String> files(String name) {
    if (name.contains(".") || name.contains("/")) {
      return List.of(name);
    }
    String mapped = System.mapLibraryName(name);
    return isElf() ? List.of(mapped, mapped + ".*") : List.of(mapped);
  }

  /** {@return where JNA looks, in its order, beside where the system does} */
  private static List<String> directories() {
    return Stream.of("jna.library.path", "jna.platform.library.path")
        .map(property -> System.getProperty(property, ""))
        .flatMap(path -> Stream.of(path.split(File.pathSeparator)))
        .filter(directory -> !directory.isEmpty())
        .distinct()
        .toList();
  }

  /** {@return what the system's loader said, each thing once, and what can be done about it} */
  private static List<String> reasons(UnsatisfiedLinkError error) {
    List<String> reasons =
        Stream.of(error.getSuppressed())
            .map(reason -> String.valueOf(reason.getMessage()).strip())
            .map(reason -> CLASS_PATH.matcher(reason).replaceFirst("class path"))
            .distinct()
            .collect(Collectors.toCollection(ArrayList::new));
    if (reasons.stream().anyMatch(reason -> reason.contains(NO_STATIC_TLS))) {
      reasons.add("start the process with " + MORE_STATIC_TLS);
    }
    return reasons;
  }

  /** {@return aligned_alloc, which the library must have} */
  LibraryCalls.AlignedAlloc requireAlignedAlloc(long alignment) {
    if (alignedAlloc == null) {
      throw new IllegalArgumentException(
          LibraryAllocator.NAME
              + ": alignment needs a function that the library lacks: alignment="
              + alignment
              + ", function="
              + prefix
              + "aligned_alloc, library="
              + file);
    }
    return alignedAlloc;
  }

  private static boolean has(NativeLibrary library, String symbol) {
    try {
      return library.getGlobalVariableAddress(symbol) != null;
    } catch (UnsatisfiedLinkError e) {
      return false;
    }
  }

  /** {@return whether a library has a symbol from the file that its malloc is from} */
  private static boolean has(NativeLibrary library, String symbol, String file) {
    return has(library, symbol) && fileOf(library, symbol).equals(file);
  }

  private static IllegalArgumentException noSymbol(
      NativeLibrary library, UnsatisfiedLinkError cause, String... symbols) {
    List<String> missing = Stream.of(symbols).filter(symbol -> !has(library, symbol)).toList();
    return new IllegalArgumentException(
        LibraryAllocator.NAME
            + ": library has no such function: missing="
            + missing
            + ", library="
            + library.getFile(),
        cause);
  }

  /**
   * {@return the file that a function was loaded from, by dladdr if the system has it: also for a
   * library that was found by its soname, with its directory}
   */
  private static String fileOf(NativeLibrary library, String symbol) {
    try (Memory info = new Memory(4L * Native.POINTER_SIZE)) {
      Function dladdr = NativeLibrary.getProcess().getFunction("dladdr");
      if (dladdr.invokeInt(new Object[] {library.getFunction(symbol), info}) != 0) {
        Pointer file = info.getPointer(0);
        return new File(file.getString(0)).getAbsolutePath();
      }
    } catch (UnsatisfiedLinkError noDladdr) {
      // Windows: what JNA opened is all that is known.
    }
    return String.valueOf(library.getFile());
  }
}
