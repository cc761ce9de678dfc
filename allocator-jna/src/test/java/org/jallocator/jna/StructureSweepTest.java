package org.jallocator.jna;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertLinesMatch;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.platform.FileUtils;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.jar.JarFile;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Every structure class of jna-platform that is not abstract: made in a scope and by plain JNA,
 * both cleared, read and written, then compared byte by byte.
 */
final class StructureSweepTest {

  private static final List<Class<? extends Structure>> CLASSES = new ArrayList<>();
  private static final RealMemory REAL = RealMemory.shared();

  @BeforeAll
  static void findClasses() throws IOException {
    Path jar = ChildJvm.placeOf(FileUtils.class);
    try (JarFile file = new JarFile(jar.toFile())) {
      for (var entry : Collections.list(file.entries())) {
        String name = entry.getName();
        if (name.endsWith(".class") && !name.contains("module-info")) {
          Class<?> type = load(name.substring(0, name.length() - 6).replace('/', '.'));
          if (type != null
              && Structure.class.isAssignableFrom(type)
              && !Modifier.isAbstract(type.getModifiers())) {
            CLASSES.add(type.asSubclass(Structure.class));
          }
        }
      }
    }
  }

  private static @Nullable Class<?> load(String name) {
    try {
      return Class.forName(name, false, StructureSweepTest.class.getClassLoader());
    } catch (ClassNotFoundException | LinkageError e) {
      return null; // for another system, or of a library that is not here
    }
  }

  @AfterAll
  static void nothingIsLeft() {
    assertEquals(0, REAL.liveBlocks());
  }

  /** Makes a structure without a scope; the caller has seen that JNA can try without harm. */
  private static @Nullable Structure plain(Class<? extends Structure> type) {
    try {
      Structure plain = Structure.newInstance(type);
      plain.size();
      return plain;
    } catch (RuntimeException | Error e) {
      return null;
    }
  }

  /** {@return the bytes; null iff a method of the class throws} */
  private static byte @Nullable [] written(Structure structure) {
    try {
      structure.clear();
      structure.read();
      structure.write();
      return structure.getPointer().getByteArray(0, structure.size());
    } catch (RuntimeException | Error e) {
      return null;
    }
  }

  @Test
  void aClassThatPlainJnaMakesIsMadeAndHoldsTheSameBytes() {
    int made = 0;
    for (Class<? extends Structure> type : CLASSES) {
      try (NativeScope scope = NativeScope.open(REAL)) {
        Structure ours = scope.struct(type);
        Structure plain = plain(type);
        if (plain != null) {
          assertEquals(plain.size(), ours.size(), type::getName);
          assertArrayEquals(written(plain), written(ours), type::getName);
          made++;
        }
      } catch (IllegalArgumentException refused) {
        boolean endsTheProcess = String.valueOf(refused.getMessage()).contains("at NULL first");
        if (!endsTheProcess) {
          assertNull(plain(type), () -> type + " is refused: " + refused);
        }
      }
    }
    assertTrue(made > 450, "made " + made);
  }

  @Test
  void anArrayOfAClassIsMadeAndReadBack() {
    for (Class<? extends Structure> type : CLASSES) {
      try (NativeScope scope = NativeScope.open(REAL)) {
        Structure[] all = scope.structs(type, 2);
        assertEquals(
            Pointer.nativeValue(all[0].getPointer()) + all[0].size(),
            Pointer.nativeValue(all[1].getPointer()),
            type::getName);
      } catch (IllegalArgumentException refused) {
        assertTrue(String.valueOf(refused.getMessage()).contains("type="), refused::toString);
      }
    }
  }

  /** The list is in the resources: each class that cannot be made, and why. */
  @Test
  void theClassesThatCannotBeMadeAreKnownWithTheirReasons() throws IOException {
    List<String> refusals = new ArrayList<>();
    for (Class<? extends Structure> type : CLASSES) {
      try (NativeScope scope = NativeScope.open(REAL)) {
        scope.struct(type);
      } catch (IllegalArgumentException e) {
        String message = String.valueOf(e.getMessage());
        assertTrue(message.contains("type=" + type.getName()), message);
        if (!message.contains("UnsatisfiedLinkError") && !message.contains("Unable to load")) {
          refusals.add(
              message
                  .replace("structure cannot be made: ", "")
                  // What follows depends on the module path.
                  .replaceAll("(requires a public no-arg constructor).*", "$1"));
        }
      } catch (LinkageError e) {
        throw new AssertionError(type.getName(), e);
      }
    }
    Collections.sort(refusals);
    assumeTrue(Platform.isLinux() && isNewest(), "the list is for Linux and the newest JNA");
    assertLinesMatch(known(), refusals);
  }

  private static boolean isNewest() {
    return ChildJvm.placeOf(FileUtils.class).toString().contains("5.19.1");
  }

  private static List<String> known() throws IOException {
    try (InputStream in =
        StructureSweepTest.class.getResourceAsStream("structures-that-cannot-be-made.txt")) {
      String text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
      return text.lines().filter(line -> !line.startsWith("#")).toList();
    }
  }
}
