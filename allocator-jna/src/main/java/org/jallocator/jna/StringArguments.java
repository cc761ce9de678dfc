package org.jallocator.jna;

import com.sun.jna.Function;
import com.sun.jna.FunctionMapper;
import com.sun.jna.InvocationMapper;
import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.TypeMapper;
import com.sun.jna.WString;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.nio.charset.Charset;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jallocator.Allocator;
import org.jallocator.spi.Failures;
import org.jallocator.spi.StackRoom;
import org.jspecify.annotations.Nullable;

/**
 * Passes the String arguments of an interface-mapped library in an allocator's memory, for as long
 * as the call lasts. Plain JNA takes a {@link com.sun.jna.Memory} for each, with its malloc, its
 * cleaner and the lock of all cleaners.
 *
 * <pre>{@code
 * StringArguments strings = StringArguments.of(allocator, StandardCharsets.UTF_8);
 * Unistd unistd = Native.load("c", Unistd.class, strings.options());
 * unistd.access("/etc/hosts", 0); // one block, taken and given back
 * }</pre>
 *
 * <p>Every String and {@link WString} argument is placed, variable arguments too; null is passed as
 * NULL. The blocks go back in the reverse order when the call returns, and just so when it throws:
 * a {@link LastErrorException}, a later argument that cannot be passed, or no memory for one. A
 * pointer into an argument that C returns or keeps is therefore good during the call alone; a
 * String that C returns is read before. Text with a NUL is refused, for C would see a part of it.
 *
 * <p>A String that C returns is read in the encoding of the arguments, to a terminator of its
 * width. If the options have a type mapper that converts Strings, it keeps them: what it converts,
 * argument or result, stays as plain JNA has it, and so do its blocks.
 *
 * <p>This is an invocation mapper, around the call, and no type mapper, within it: JNA notifies a
 * type mapper's arguments if a call returned, but not if it threw; and a type mapper for Strings
 * would also convert the String fields of the library's structures and of the Strings that
 * callbacks return, which no call ends. All these, and String[], stay as JNA has them. So do the
 * Strings of directly mapped functions, which JNA copies in C, out of reach.
 *
 * <p>As shared as the allocator is; a call from a thread that a confined one refuses throws before
 * C is called. Nested calls, by way of callbacks, are allowed. Price: for each String the bytes, a
 * Pointer and a block.
 */
public final class StringArguments implements InvocationMapper {

  /** By this key JNA finds the method that is called, for variable arguments and structures. */
  private static final String INVOKING_METHOD = "invoking-method";

  private final Allocator allocator;
  private final Charset charset;

  private StringArguments(Allocator allocator, Charset charset) {
    this.allocator = allocator;
    this.charset = charset;
  }

  /**
   * {@return a new instance, for any number of libraries}
   *
   * @param allocator where arguments are placed; open for as long as the libraries are called
   * @param charset the encoding of Strings; WStrings are in that of the platform's wchar_t
   */
  public static StringArguments of(Allocator allocator, Charset charset) {
    Jna.require();
    return new StringArguments(Objects.requireNonNull(allocator), Objects.requireNonNull(charset));
  }

  /**
   * {@return the options for {@link com.sun.jna.Native#load(String, Class, Map)}: this, and the
   * encoding, for the Strings that C returns}
   */
  public Map<String, Object> options() {
    return options(Map.of());
  }

  /**
   * {@return the options for {@link com.sun.jna.Native#load(String, Class, Map)}, together with
   * others}
   *
   * @param others what else to tell JNA; Strings that its type mapper converts, if there is one,
   *     are left to it and to JNA
   * @throws IllegalArgumentException if the others have an invocation mapper or an encoding
   */
  public Map<String, Object> options(Map<String, ?> others) {
    Map<String, Object> options = new HashMap<>();
    options.put(Library.OPTION_INVOCATION_MAPPER, this);
    options.put(Library.OPTION_STRING_ENCODING, charset.name());
    others.forEach(
        (name, value) -> {
          if (options.put(name, value) != null) {
            throw new IllegalArgumentException("option is set by StringArguments: name=" + name);
          }
        });
    return options;
  }

  /**
   * Makes what JNA calls in place of a function. For JNA.
   *
   * @param library the library that has the function
   * @param method the method that stands for it
   * @return what passes the call on
   * @throws UnsatisfiedLinkError if the library has no such function
   */
  @Override
  public InvocationHandler getInvocationHandler(NativeLibrary library, Method method) {
    Map<String, Object> options = new HashMap<>(library.getOptions());
    options.put(INVOKING_METHOD, method);
    TypeMapper mapper =
        options.get(Library.OPTION_TYPE_MAPPER) instanceof TypeMapper given ? given : null;
    Function function = function(library, method);
    Class<?> result = method.getReturnType();
    boolean isText =
        result == String.class
            && (mapper == null || mapper.getFromNativeConverter(String.class) == null);
    Call call =
        isText
            ? passed -> text((Pointer) function.invoke(Pointer.class, passed, options))
            : passed -> function.invoke(result, passed, options);
    return (proxy, invoked, arguments) -> invoke(call, arguments, mapper);
  }

  /** The call of C, and the reading of its result. */
  private interface Call {
    @Nullable Object with(@Nullable Object @Nullable [] passed);
  }

  private @Nullable String text(@Nullable Pointer result) {
    return result == null ? null : NativeCopy.read(result, charset);
  }

  /** {@return the function that JNA itself would call} */
  private static Function function(NativeLibrary library, Method method) {
    Map<String, ?> options = library.getOptions();
    String name = method.getName();
    if (options.get(Library.OPTION_FUNCTION_MAPPER) instanceof FunctionMapper mapper) {
      name = mapper.getFunctionName(library, method);
    }
    int flags = 0;
    if (options.get(Library.OPTION_CALLING_CONVENTION) instanceof Integer convention) {
      flags = convention;
    }
    for (Class<?> type : method.getExceptionTypes()) {
      if (LastErrorException.class.isAssignableFrom(type)) {
        flags |= Function.THROW_LAST_ERROR;
      }
    }
    return library.getFunction(name, flags);
  }

  private @Nullable Object invoke(
      Call call, @Nullable Object @Nullable [] arguments, @Nullable TypeMapper mapper) {
    if (arguments == null || !hasText(arguments)) {
      return call.with(arguments);
    }
    StackRoom.requireAboveStack(); // for the frees: nobody keeps what is not freed here
    @Nullable Object[] passed = arguments.clone();
    @Nullable Object result;
    try {
      place(passed, mapper);
      result = call.with(passed);
    } catch (Throwable thrown) {
      Throwable second = free(arguments, passed);
      if (second != null) {
        Failures.join(thrown, second);
      }
      throw thrown;
    }
    Failures.rethrow(free(arguments, passed));
    return result;
  }

  private static boolean hasText(@Nullable Object[] arguments) {
    for (Object argument : arguments) {
      if (argument instanceof String || argument instanceof WString) {
        return true;
      }
    }
    return false;
  }

  /** Puts a block in the place of each text that no type mapper converts. */
  private void place(@Nullable Object[] passed, @Nullable TypeMapper mapper) {
    for (int i = 0; i < passed.length; i++) {
      Object argument = passed[i];
      if (argument == null
          || (mapper != null && mapper.getToNativeConverter(argument.getClass()) != null)) {
        continue;
      }
      if (argument instanceof String text) {
        passed[i] = NativeCopy.string(allocator, text, charset);
      } else if (argument instanceof WString text) {
        passed[i] = NativeCopy.wideString(allocator, text.toString());
      }
    }
  }

  /** Gives back what stands in the place of a text. {@return what the first failure threw} */
  private @Nullable Throwable free(@Nullable Object[] arguments, @Nullable Object[] passed) {
    Throwable first = null;
    for (int i = passed.length - 1; i >= 0; i--) {
      if (passed[i] != arguments[i]) {
        try {
          allocator.free(Pointer.nativeValue((Pointer) passed[i]));
        } catch (RuntimeException | Error e) {
          first = Failures.join(first, e); // also after an overflow: another size may pass
        }
      }
    }
    return first;
  }
}
