package org.jallocator.stack;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jallocator.Allocator;
import org.jallocator.AllocatorConfigException;
import org.jallocator.LeakException;
import org.jallocator.spi.AllocatorErrors;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.Failures;
import org.jallocator.spi.StackRoom;
import org.jspecify.annotations.Nullable;

/**
 * A tree of allocators, built from one line of configuration:
 *
 * <pre>{@code
 * try (AllocatorStack stack = AllocatorStack.open("fixedblock(blockSize=64, jna)")) {
 *   long address = stack.allocator().malloc(64);
 *   stack.allocator().free(address);
 * }
 * }</pre>
 *
 * <p><b>The expression.</b> An allocator's name, and between parentheses its options and the layers
 * that it stands on:
 *
 * <pre>
 * node   = "@" name | name [ "(" [ arg { "," arg } [ "," ] ] ")" ]
 * arg    = key "=" value | node
 * name   = lower { lower | digit | "-" }     key = lower { letter | digit }
 * value  = size | number | "true" | "false" | word | "'" text "'"
 * size   = digits [ "B" | "K" | "KiB" | "M" | "MiB" | "G" | "GiB" ]
 * </pre>
 *
 * <p>Letters are a to z and digits 0 to 9, in every locale. All units are powers of two; KB, MB and
 * GB are refused, because tools disagree on them. An apostrophe within a text is written twice.
 * Limits: 8 KiB of text, 32 layers from the root to a leaf, 256 layers in all, a named part counted
 * as often as it is used.
 *
 * <p><b>Named parts.</b> {@code @pool} stands for the value of {@code allocator.def.pool}. It is
 * built once in a stack and shared by all layers that name it. A part that no layer names is not
 * read. One part is predefined, for all sizes and all threads, and may be redefined:
 *
 * <pre>
 * &#64;general = fallback(sizeclass(shared=true, jna), large(shared=true, jna))
 * </pre>
 *
 * <p><b>Where it is configured.</b> For {@link #open()}, highest first: the system property {@code
 * allocator.stack}; the environment variable {@code ALLOCATOR_STACK}; the key {@code
 * allocator.stack} in the file that the system property {@code allocator.config} names, then in the
 * one {@code allocator.properties} at the root of the class path; and if none of these says
 * anything, {@code jna}. For {@link #named(String)}, each of these places is asked for {@code
 * allocator.stack.NAME} first (in the environment {@code ALLOCATOR_STACK_NAME}, in capitals and
 * with {@code _} for {@code -}). A named part is looked up in the same order, whatever the
 * expression came from: the system property wins over the named file, and that over the one on the
 * class path. Files are in UTF-8. A name that is set to nothing is an error, and so are two {@code
 * allocator.properties} on the class path: nothing is chosen silently.
 *
 * <p><b>Threads.</b> The stack itself may be asked by any thread; its allocators have rules of
 * their own, which {@link Allocator#isShared()} says. A confined layer belongs to the thread that
 * opened the stack, which then alone may close it; once that thread has ended, any thread may.
 * Shared, may block: {@link #describe}, {@link #close} and {@link #closeAndRelease} wait for each
 * other.
 *
 * <p><b>Open stacks.</b> {@link #openStacks} lists the stacks of the process that are open, for
 * metrics. The list does not keep a stack from becoming garbage.
 */
public final class AllocatorStack implements AutoCloseable {

  private final @Nullable String name;
  private final Blueprint.Use blueprint;
  private final ClosingOrder layers;
  private final Thread owner = Thread.currentThread();
  private final Object lock = new Object();

  private AllocatorStack(@Nullable String name, Blueprint.Use blueprint) {
    this.name = name;
    this.blueprint = blueprint;
    this.layers = StackBuilder.build(blueprint);
  }

  /**
   * Opens the stack that is configured from outside the program.
   *
   * @return a new stack, to be closed by the caller
   * @throws AllocatorConfigException if the configuration is wrong; nothing is left behind
   * @throws OutOfMemoryError if a layer finds no memory to start with; nothing is left behind
   */
  public static AllocatorStack open() {
    return openConfigured(null);
  }

  /**
   * Opens a stack.
   *
   * @param expression what to build
   * @return a new stack, to be closed by the caller
   * @throws AllocatorConfigException if the configuration is wrong; nothing is left behind
   * @throws OutOfMemoryError if a layer finds no memory to start with; nothing is left behind
   * @throws NullPointerException if {@code expression} is null
   */
  public static AllocatorStack open(String expression) {
    Objects.requireNonNull(expression, "expression is null");
    return open(null, expression, AllocatorProviders.loaders());
  }

  /**
   * Opens a stack with the providers, and the named parts, that one class loader finds.
   *
   * @param expression what to build
   * @param loader the class loader in which alone providers and {@code allocator.properties} are
   *     looked for
   * @return a new stack, to be closed by the caller
   * @throws AllocatorConfigException if the configuration is wrong; nothing is left behind
   * @throws OutOfMemoryError if a layer finds no memory to start with; nothing is left behind
   * @throws NullPointerException if an argument is null
   */
  public static AllocatorStack open(String expression, ClassLoader loader) {
    Objects.requireNonNull(expression, "expression is null");
    Objects.requireNonNull(loader, "loader is null");
    return open(null, expression, List.of(loader));
  }

  /**
   * Opens the stack that is configured for a name from outside the program, by {@code
   * allocator.stack.NAME}; in each place that does not have that, {@code allocator.stack} counts.
   *
   * @param name what the stack is called in the configuration and by metrics: a lower-case letter,
   *     then lower-case letters, digits and hyphens; several stacks may have one name
   * @return a new stack, to be closed by the caller
   * @throws IllegalArgumentException if {@code name} is not such a name
   * @throws AllocatorConfigException if the configuration is wrong; nothing is left behind
   * @throws OutOfMemoryError if a layer finds no memory to start with; nothing is left behind
   * @throws NullPointerException if {@code name} is null
   */
  public static AllocatorStack named(String name) {
    return openConfigured(checkedName(name));
  }

  /**
   * Opens a stack under a name. The expression is taken as it is: no configuration is asked for the
   * name.
   *
   * @param name what the stack is called by metrics: a lower-case letter, then lower-case letters,
   *     digits and hyphens; several stacks may have one name
   * @param expression what to build
   * @return a new stack, to be closed by the caller
   * @throws IllegalArgumentException if {@code name} is not such a name
   * @throws AllocatorConfigException if the configuration is wrong; nothing is left behind
   * @throws OutOfMemoryError if a layer finds no memory to start with; nothing is left behind
   * @throws NullPointerException if an argument is null
   */
  public static AllocatorStack named(String name, String expression) {
    Objects.requireNonNull(expression, "expression is null");
    return open(checkedName(name), expression, AllocatorProviders.loaders());
  }

  /**
   * Opens the stack that is configured from outside the program by {@code allocator.stack.NAME}, or
   * another one if nothing is. {@code allocator.stack} is not asked. For a library that brings a
   * stack of its own, which users may replace.
   *
   * @param name what the stack is called in the configuration and by metrics: a lower-case letter,
   *     then lower-case letters, digits and hyphens; several stacks may have one name
   * @param otherwise what to build if nothing is configured for the name
   * @return a new stack, to be closed by the caller
   * @throws IllegalArgumentException if {@code name} is not such a name
   * @throws AllocatorConfigException if the configuration is wrong; nothing is left behind
   * @throws OutOfMemoryError if a layer finds no memory to start with; nothing is left behind
   * @throws NullPointerException if an argument is null
   */
  public static AllocatorStack namedOr(String name, String otherwise) {
    Objects.requireNonNull(otherwise, "otherwise is null");
    List<ClassLoader> loaders = AllocatorProviders.loaders();
    Configuration configuration = new Configuration(Environment.ofProcess(), loaders);
    Source source = configuration.stackOr(checkedName(name), otherwise);
    return open(name, source, configuration, AllocatorProviders.load(loaders));
  }

  private static String checkedName(String name) {
    Objects.requireNonNull(name, "name is null");
    if (!Parser.NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "stack name is not a lower-case letter, then lower-case letters, digits and hyphens: name="
              + Problem.quoted(name));
    }
    return name;
  }

  private static AllocatorStack openConfigured(@Nullable String name) {
    List<ClassLoader> loaders = AllocatorProviders.loaders();
    Configuration configuration = new Configuration(Environment.ofProcess(), loaders);
    return open(name, configuration.stack(name), configuration, AllocatorProviders.load(loaders));
  }

  private static AllocatorStack open(
      @Nullable String name, String expression, List<ClassLoader> loaders) {
    return open(
        name,
        new Source("the expression", expression),
        new Configuration(Environment.ofProcess(), loaders),
        AllocatorProviders.load(loaders));
  }

  /** Opens the stack that a source stands for. */
  static AllocatorStack open(
      @Nullable String name,
      Source source,
      Configuration configuration,
      AllocatorProviders providers) {
    AllocatorEvents.load();
    AllocatorStack stack =
        new AllocatorStack(name, Resolver.resolve(source, providers, configuration));
    try {
      StackRegistry.OPEN.add(stack);
    } catch (RuntimeException | Error e) {
      Failures.join(e, stack.close(true));
      throw e;
    }
    return stack;
  }

  /**
   * {@return the stacks of this process that are open, in the order in which they were opened; not
   * those that are garbage} A stack that leaked at closing is open. Costs time in proportion to
   * their number.
   */
  public static List<AllocatorStack> openStacks() {
    return StackRegistry.OPEN.list();
  }

  /**
   * Adds a listener, which receives every stack that opens or closes after this.
   *
   * @param listener the listener; it is kept until it is removed
   */
  public static void addListener(StackListener listener) {
    StackRegistry.OPEN.addListener(Objects.requireNonNull(listener, "listener is null"));
  }

  /**
   * Removes a listener; one that was not added is ignored.
   *
   * @param listener the listener
   */
  public static void removeListener(StackListener listener) {
    StackRegistry.OPEN.removeListener(listener);
  }

  /** {@return the name by which the stack was opened; empty iff it was opened without one} */
  public Optional<String> name() {
    return Optional.ofNullable(name);
  }

  /** {@return the allocator at the root, which stands on all others} */
  public Allocator allocator() {
    return layers.root().allocator();
  }

  /**
   * Finds a layer by its type.
   *
   * @param type the type of the layer
   * @param <T> the type of the layer
   * @return the first layer of that type, from the root down and from left to right; empty iff
   *     there is none
   */
  public <T> Optional<T> find(Class<T> type) {
    return findAll(type).stream().findFirst();
  }

  /**
   * Finds all layers of a type, a named part once.
   *
   * @param type the type of the layers; {@code Allocator.class} for all
   * @param <T> the type of the layers
   * @return the layers, each after those that stand on it, and else from left to right
   */
  public <T> List<T> findAll(Class<T> type) {
    return layers.inOrder().stream()
        .map(Layer::allocator)
        .filter(type::isInstance)
        .map(type::cast)
        .toList();
  }

  /**
   * {@return all layers with their places, from the root down and from left to right; a named part
   * once}
   */
  public List<StackLayer> layers() {
    Map<Layer, StackLayer> found = new LinkedHashMap<>();
    addLayers(layers.root(), "0", found);
    return List.copyOf(found.values());
  }

  private static void addLayers(Layer layer, String path, Map<Layer, StackLayer> found) {
    if (found.containsKey(layer)) {
      return;
    }
    Blueprint blueprint = layer.blueprint();
    found.put(
        layer,
        new StackLayer(path, blueprint.declaration().name(), blueprint.title(), layer.allocator()));
    for (int i = 0; i < layer.inners().size(); i++) {
      addLayers(layer.inners().get(i), path + "." + i, found);
    }
  }

  /**
   * {@return the tree, one line a layer} Inner layers are below, two spaces further in. A line is
   * {@code EXPRESSION: FIGURES}, where EXPRESSION is that of the layer alone. FIGURES is one of:
   *
   * <ul>
   *   <li>{@code live N bytes, reserved N bytes}: what {@link Allocator#stats()} says;
   *   <li>{@code live N bytes and N blocks of unknown length, reserved N bytes}, if there are such
   *       blocks;
   *   <li>{@code not tracked}, if the layer keeps no books;
   *   <li>{@code closed}.
   * </ul>
   *
   * <p>Numbers are decimal; one is followed by {@code byte} or {@code block}. A provider may add a
   * detail behind a comma, such as the file of a library. The line of a named part starts with its
   * name, {@code @NAME =}; if the part is drawn already, its line is {@code @NAME: shown above}.
   * Any thread may ask, also of confined layers. Costs what {@link Allocator#stats()} costs, once a
   * layer.
   */
  public String describe() {
    synchronized (lock) {
      return Description.of(blueprint, layers.root());
    }
  }

  /**
   * Closes every layer once, from the root down; a named part after all layers that use it. Closing
   * again what is closed is silent.
   *
   * <p>A layer that leaks stays open, and so does all that it stands on, for that memory is in use:
   * free the blocks and close again, or give them up with {@link #closeAndRelease}. So does a layer
   * that finds the Java heap or the Java stack full, and one that throws an {@code
   * IllegalStateException} while it has memory of its inner layer, such as a page that the inner
   * layer refused. The rest is closed even if a layer throws.
   *
   * @throws LeakException if a layer has live blocks
   * @throws IllegalStateException if an open layer is confined to another thread that has not
   *     ended; then nothing is closed
   * @throws RuntimeException whatever the first layer throws that throws; what others throw is
   *     suppressed in it
   */
  @Override
  public void close() {
    StackRoom.requireToClose();
    Failures.rethrow(close(false));
  }

  /**
   * Closes every layer once, from the root down, and gives all memory back, also that of live
   * blocks. What no layer keeps books of stays with the leaf: blocks that a {@code jna} leaf handed
   * out directly. Closing again what is closed is silent.
   *
   * <p>All layers are closed at the end, whatever they throw, with one exception: a layer that
   * finds the Java heap or the Java stack full stays open, and so does all that it stands on. Close
   * again when there is room.
   *
   * @throws LeakException if a layer had live blocks; the leaks of other layers are suppressed in
   *     it
   * @throws IllegalStateException if an open layer is confined to another thread that has not
   *     ended; then nothing is closed
   * @throws RuntimeException whatever the first layer throws that throws; what others throw is
   *     suppressed in it
   */
  public void closeAndRelease() {
    StackRoom.requireToClose();
    Failures.rethrow(close(true));
  }

  /** Closes what can be closed; returns what that threw, or null. */
  private @Nullable Throwable close(boolean release) {
    Throwable failure;
    boolean closed;
    synchronized (lock) {
      checkThread();
      failure = release ? layers.closeAndRelease() : layers.close();
      closed = layers.isClosed();
    }
    if (closed) {
      try {
        StackRegistry.OPEN.remove(this);
      } catch (RuntimeException | Error e) {
        failure = Failures.join(failure, e); // the next close removes it
      }
    }
    return failure;
  }

  private void checkThread() {
    Layer confined = layers.firstConfined();
    if (confined != null && Thread.currentThread() != owner && owner.isAlive()) {
      throw AllocatorErrors.wrongThread(confined.blueprint().declaration().name(), owner);
    }
  }

  /**
   * {@return the canonical expression, which opens an equal stack} Options come first, those that
   * were configured, in the order in which their provider declares them, and sizes in the largest
   * unit that is exact; then the inner layers. A named part stays {@code @name}.
   */
  @Override
  public String toString() {
    return blueprint.expression();
  }
}
