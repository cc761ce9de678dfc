package org.jallocator.bench;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;

/**
 * Compiles the Java of a page. A block with a class of its own is compiled as it is; any other is a
 * piece of a method, in which the names that pages use are declared.
 */
final class Snippets {

  private static final Pattern TYPE =
      Pattern.compile("^(?:public )?(?:final )?class (\\w+)", Pattern.MULTILINE);

  private static final String BEFORE =
      """
      import com.sun.jna.*;
      import com.sun.jna.ptr.*;
      import io.micrometer.core.instrument.MeterRegistry;
      import java.nio.charset.StandardCharsets;
      import org.jallocator.*;
      import org.jallocator.arena.*;
      import org.jallocator.diagnostics.*;
      import org.jallocator.fixedblock.*;
      import org.jallocator.jna.*;
      import org.jallocator.large.*;
      import org.jallocator.metrics.*;
      import org.jallocator.spi.*;
      import org.jallocator.stack.*;

      @SuppressWarnings("all")
      abstract class %1$s {
        interface CLibrary extends Library { int access(String path, int mode); }
        interface Lookup extends Library { int lookup(Pointer a, Options b, IntByReference c); }
        @Structure.FieldOrder("flags")
        public static class Options extends Structure { public int flags; }
        static class ZStream { Pointer zalloc, zfree; }

        AllocatorStack stack;
        Allocator allocator;
        Lookup library;
        ZStream stream;
        MeterRegistry registry;
        abstract void run();
        abstract void work(Allocator allocator);

        void snippet() throws Exception {
      %2$s
        }
      }
      """;

  private Snippets() {}

  /** {@return what the compiler says about the blocks; empty iff it compiles them} */
  static String compile(List<MarkdownPage.Block> blocks, Path directory) throws IOException {
    List<Path> sources = new ArrayList<>();
    for (MarkdownPage.Block block : blocks) {
      Matcher type = TYPE.matcher(block.text());
      String name = type.find() ? type.group(1) : "Line" + block.line();
      String source = name.startsWith("Line") ? BEFORE.formatted(name, block.text()) : block.text();
      sources.add(Files.writeString(directory.resolve(name + ".java"), source));
    }
    var messages = new StringWriter();
    var compiler = ToolProvider.getSystemJavaCompiler();
    try (var files = compiler.getStandardFileManager(null, null, null)) {
      List<String> options =
          List.of(
              "-proc:none",
              "-d",
              directory.toString(),
              "-cp",
              System.getProperty("java.class.path"));
      boolean compiled =
          compiler
              .getTask(
                  messages, files, null, options, null, files.getJavaFileObjectsFromPaths(sources))
              .call();
      return compiled ? "" : messages.toString();
    }
  }
}
