package org.jallocator.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Native;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jallocator.Allocator;
import org.jallocator.arena.ArenaAllocator;
import org.jallocator.fixedblock.FixedBlockAllocator;
import org.jallocator.jna.DefaultAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A module of a user's own, with our modules and JNA beside it and nothing else. */
final class UserModuleTest {

  private static final String MODULE =
      """
      module user {
        requires org.jallocator.jna;
        requires org.jallocator.fixedblock;
        requires org.jallocator.arena;
      }
      """;

  private static final String MAIN =
      """
      package user;

      import com.sun.jna.ptr.IntByReference;
      import org.jallocator.jna.NativeScope;
      import org.jallocator.stack.AllocatorStack;

      class Main {
        int count() {
          try (var stack = AllocatorStack.open("fallback(sizeclass(jna), jna)");
              NativeScope scope = NativeScope.open(stack.allocator())) {
            IntByReference count = scope.intByReference();
            return count.getValue();
          }
        }
      }
      """;

  @Test
  void itCompilesWithoutAWarning(@TempDir Path directory) throws IOException {
    Path module = Files.writeString(directory.resolve("module-info.java"), MODULE);
    Path main = Files.writeString(directory.resolve("Main.java"), MAIN);
    String[] arguments = {
      "-Xlint:all",
      "-Werror",
      "-d",
      directory.resolve("classes").toString(),
      "-p",
      modulePath(),
      module.toString(),
      main.toString()
    };
    var output = new StringWriter();
    var writer = new PrintWriter(output);
    var javac = ToolProvider.findFirst("javac");
    assertTrue(javac.isPresent(), "the tests run on a JDK");
    assertEquals(0, javac.get().run(writer, writer, arguments), output::toString);
  }

  private static String modulePath() {
    return Stream.of(
            Allocator.class,
            DefaultAllocator.class,
            FixedBlockAllocator.class,
            ArenaAllocator.class,
            Native.class)
        .map(type -> ForkedJvm.placeOf(type).toString())
        .collect(Collectors.joining(File.pathSeparator));
  }
}
