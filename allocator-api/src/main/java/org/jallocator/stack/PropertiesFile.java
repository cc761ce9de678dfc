package org.jallocator.stack;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.net.URL;
import java.net.URLConnection;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A properties file in UTF-8 that configures stacks. Keys that do not start with {@code allocator.}
 * belong to others and are ignored; those that do must mean something.
 *
 * @param name the file in the words of a message
 * @param entries the entries that configure stacks
 */
record PropertiesFile(String name, Map<String, String> entries) {

  /** Stands for a file that is not there and need not be. */
  static final PropertiesFile NONE = new PropertiesFile("no file", Map.of());

  /** Bytes of a file that are read at the most. */
  private static final int MAX_LENGTH = 1 << 20;

  private static final String PREFIX = "allocator.";

  /** Opens a file. */
  private interface Opener {
    InputStream open() throws IOException;
  }

  /** Reads the file that {@link Configuration#FILE} names. */
  static PropertiesFile read(String path) {
    return read("file '" + path + "'", () -> Files.newInputStream(Path.of(path)));
  }

  /** Reads a resource of the class path. */
  static PropertiesFile read(URL resource) {
    return read(
        "file '" + resource + "'",
        () -> {
          URLConnection connection = resource.openConnection();
          connection.setUseCaches(false); // the cache would keep the jar open
          return connection.getInputStream();
        });
  }

  private static PropertiesFile read(String name, Opener file) {
    Properties properties = new UniqueKeys();
    try (InputStream in = file.open()) {
      byte[] bytes = in.readNBytes(MAX_LENGTH + 1);
      if (bytes.length > MAX_LENGTH) {
        throw new IOException("length exceeds its limit: limit=" + MAX_LENGTH);
      }
      properties.load(new StringReader(decode(bytes)));
    } catch (InvalidPathException | NoSuchFileException e) {
      throw Problem.of("There is no " + name)
          .line("Expected the path of a file in system property '" + Configuration.FILE + "'.")
          .exception(e);
    } catch (IOException | IllegalArgumentException e) {
      throw Problem.of("Cannot read " + name)
          .line(e.toString())
          .line("Expected a readable properties file in UTF-8.")
          .exception(e);
    }
    return new PropertiesFile(name, checked(properties, name));
  }

  private static Map<String, String> checked(Properties properties, String name) {
    Map<String, String> entries = new TreeMap<>();
    for (String key : properties.stringPropertyNames()) {
      if (key.startsWith(PREFIX)) {
        checkKey(key, name);
        entries.put(key, properties.getProperty(key, ""));
      }
    }
    if (entries.isEmpty()) {
      throw Problem.of("Nothing is configured in " + name)
          .line("Expected a key allocator.stack, allocator.stack.NAME or allocator.def.NAME.")
          .exception();
    }
    return entries;
  }

  private static String decode(byte[] bytes) throws CharacterCodingException {
    String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    return text.startsWith("\uFEFF") ? text.substring(1) : text;
  }

  private static void checkKey(String key, String name) {
    if (!key.equals(Configuration.STACK)
        && !isNamed(key, Configuration.STACK + ".")
        && !isNamed(key, Configuration.PART)) {
      throw Problem.of("Unknown key " + Problem.quoted(key) + " in " + name)
          .line(
              "Expected allocator.stack, allocator.stack.NAME or allocator.def.NAME,"
                  + " NAME in lower-case letters, digits and hyphens.")
          .exception();
    }
  }

  private static boolean isNamed(String key, String prefix) {
    return key.startsWith(prefix) && Parser.NAME.matcher(key.substring(prefix.length())).matches();
  }

  /** Refuses a key that stands twice, of which the last would win in silence. */
  private static final class UniqueKeys extends Properties {

    private static final long serialVersionUID = 1L;

    @Override
    public synchronized @Nullable Object put(Object key, Object value) {
      if (containsKey(key) && key.toString().startsWith(PREFIX)) {
        throw new IllegalArgumentException("key stands twice: key=" + key);
      }
      return super.put(key, value);
    }
  }

  /** {@return the text of a key; null iff the file has no such key} */
  @Nullable Source source(String key) {
    String text = entries.get(key);
    return text == null ? null : new Source("'" + key + "' in " + name, text);
  }
}
