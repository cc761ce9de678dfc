package org.jallocator.bench.console;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A file of results, as {@code --json} and {@code --html} name one. It is opened before the
 * measurements, so that a path that cannot be written costs no minute, and replaced in one step
 * after them, so that half of it is never read: until {@link #write} returns, a file that was there
 * before is as it was. What is no ordinary file, such as {@code /dev/stdout}, is written to as it
 * stands.
 */
public final class OutputFile implements AutoCloseable {

  private static final JSON JSON_TEXT =
      JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT, JSON.Feature.WRITE_NULL_PROPERTIES);

  private final String option;
  private final Path target;
  private final Path draft;

  private OutputFile(String option, Path target, Path draft) {
    this.option = option;
    this.target = target;
    this.draft = draft;
  }

  /**
   * {@return the opened file, or null if none is wanted}
   *
   * @param option the option that names it, for messages
   * @param argument the path, or null
   * @throws BadInputException if the file cannot be written
   */
  public static @Nullable OutputFile open(String option, @Nullable String argument) {
    if (argument == null) {
      return null;
    }
    try {
      Path target = Path.of(argument);
      if (Files.isDirectory(target)) {
        throw new BadInputException(option + " is a directory: " + argument);
      }
      if (Files.exists(target) && !Files.isRegularFile(target)) {
        return new OutputFile(option, target, target);
      }
      if (Files.exists(target)) {
        target = target.toRealPath();
        if (!Files.isWritable(target)) {
          throw new BadInputException(option + " cannot be written: " + argument);
        }
      }
      String name = "." + target.getFileName() + "." + ProcessHandle.current().pid() + ".tmp";
      Path draft = target.resolveSibling(name);
      Files.createFile(draft);
      return new OutputFile(option, target, draft);
    } catch (IOException | InvalidPathException e) {
      throw new BadInputException(
          option + " cannot be written: " + argument + ": " + reasonOf(e), e);
    }
  }

  /** Writes an array of objects, one for each row, and puts the file in place. */
  public void write(List<Map<String, @Nullable Object>> rows) {
    try {
      write(JSON_TEXT.asString(rows) + "\n");
    } catch (IOException e) {
      throw new BadInputException(option + " cannot be written: " + target + ": " + reasonOf(e), e);
    }
  }

  /** Writes a text and puts the file in place. */
  public void write(String text) {
    try {
      Files.writeString(draft, text, StandardCharsets.UTF_8, StandardOpenOption.WRITE);
      if (!draft.equals(target)) {
        Files.move(
            draft, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      }
    } catch (IOException e) {
      throw new BadInputException(option + " cannot be written: " + target + ": " + reasonOf(e), e);
    }
  }

  /** Removes the draft of a file that was never written. */
  @Override
  public void close() {
    try {
      if (!draft.equals(target)) {
        Files.deleteIfExists(draft);
      }
    } catch (IOException e) {
      throw new BadInputException("draft cannot be removed: " + draft, e);
    }
  }

  private static String reasonOf(Exception e) {
    return e.getClass().getSimpleName().replace("Exception", "");
  }
}
