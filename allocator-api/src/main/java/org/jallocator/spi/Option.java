package org.jallocator.spi;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An option that a provider takes: its name, its type, its default and its range. Immutable.
 *
 * @param <T> the type of its value
 */
public final class Option<T> {

  /** What a value of an option looks like in an expression. */
  public enum Type {
    /** A number of bytes, such as {@code 64KiB}. */
    SIZE,
    /** A whole number. */
    NUMBER,
    /** {@code true} or {@code false}. */
    FLAG,
    /** One of a few words. */
    WORD,
    /** Any text; in apostrophes if it is not a word. */
    TEXT
  }

  /**
   * What an option needs to have an effect: another option of that value.
   *
   * @param option the other option
   * @param value the value that it must have, configured or by default
   * @param <U> the type of that value
   */
  public record Requirement<U>(Option<U> option, U value) {}

  private final String name;
  private final Type type;
  private final Class<T> valueType;
  private final T defaultValue;
  private final String description;
  private final long min;
  private final long max;
  private final List<String> words;
  private final @Nullable Requirement<?> requirement;

  private Option(
      String name,
      Type type,
      Class<T> valueType,
      T defaultValue,
      String description,
      long min,
      long max,
      List<String> words,
      @Nullable Requirement<?> requirement) {
    this.name = name;
    this.type = type;
    this.valueType = valueType;
    this.defaultValue = defaultValue;
    this.description = description;
    this.min = min;
    this.max = max;
    this.words = words;
    this.requirement = requirement;
  }

  /**
   * {@return a new option that is a number of bytes}
   *
   * @param name the key: a lower-case letter, then letters and digits
   * @param defaultValue the value if none is given, in bytes
   * @param min the least value, in bytes
   * @param max the greatest value, in bytes
   * @param description one line, without a full stop
   */
  public static Option<Long> size(
      String name, long defaultValue, long min, long max, String description) {
    return new Option<>(
        name, Type.SIZE, Long.class, defaultValue, description, min, max, List.of(), null);
  }

  /**
   * {@return a new option that is a whole number}
   *
   * @param name the key: a lower-case letter, then letters and digits
   * @param defaultValue the value if none is given
   * @param min the least value
   * @param max the greatest value
   * @param description one line, without a full stop
   */
  public static Option<Long> number(
      String name, long defaultValue, long min, long max, String description) {
    return new Option<>(
        name, Type.NUMBER, Long.class, defaultValue, description, min, max, List.of(), null);
  }

  /**
   * {@return a new option that is true or false}
   *
   * @param name the key: a lower-case letter, then letters and digits
   * @param defaultValue the value if none is given
   * @param description one line, without a full stop
   */
  public static Option<Boolean> flag(String name, boolean defaultValue, String description) {
    return new Option<>(
        name, Type.FLAG, Boolean.class, defaultValue, description, 0, 0, List.of(), null);
  }

  /**
   * {@return a new option that is one of a few words}
   *
   * @param name the key: a lower-case letter, then letters and digits
   * @param defaultValue the value if none is given
   * @param words all the words that it may be
   * @param description one line, without a full stop
   */
  public static Option<String> word(
      String name, String defaultValue, List<String> words, String description) {
    return new Option<>(
        name, Type.WORD, String.class, defaultValue, description, 0, 0, List.copyOf(words), null);
  }

  /**
   * {@return a new option that is any text}
   *
   * @param name the key: a lower-case letter, then letters and digits
   * @param defaultValue the value if none is given
   * @param description one line, without a full stop
   */
  public static Option<String> text(String name, String defaultValue, String description) {
    return new Option<>(
        name, Type.TEXT, String.class, defaultValue, description, 0, 0, List.of(), null);
  }

  /**
   * {@return a new option that is this one, but has an effect only if another one has a value} A
   * configuration that gives it a value without that is refused: without {@code shared=true}, a
   * {@code heaps=8} would be taken and ignored.
   *
   * <pre>{@code
   * static final Option<Boolean> SHARED = Option.flag("shared", false, "...");
   * static final Option<Long> HEAPS =
   *     Option.number("heaps", 0, 0, 1024, "...").requires(SHARED, true);
   * }</pre>
   *
   * @param other another option of the same provider
   * @param value the value that it must have, configured or by default
   * @param <U> the type of that value
   */
  public <U> Option<T> requires(Option<U> other, U value) {
    return new Option<>(
        name,
        type,
        valueType,
        defaultValue,
        description,
        min,
        max,
        words,
        new Requirement<>(other, value));
  }

  /** {@return the key used in expressions} */
  public String name() {
    return name;
  }

  /** {@return what its value looks like in an expression} */
  public Type type() {
    return type;
  }

  /** {@return the class of its value} */
  public Class<T> valueType() {
    return valueType;
  }

  /** {@return the value if none is given} */
  public T defaultValue() {
    return defaultValue;
  }

  /** {@return one line that says what it does} */
  public String description() {
    return description;
  }

  /** {@return the least value; of meaning for sizes and numbers alone} */
  public long min() {
    return min;
  }

  /** {@return the greatest value; of meaning for sizes and numbers alone} */
  public long max() {
    return max;
  }

  /** {@return the words that it may be; empty for all types but {@link Type#WORD}} */
  public List<String> words() {
    return words;
  }

  /** {@return what it needs to have an effect; null iff it always has one} */
  @SuppressWarnings("exports") // the annotation need not be there
  public @Nullable Requirement<?> requirement() {
    return requirement;
  }
}
