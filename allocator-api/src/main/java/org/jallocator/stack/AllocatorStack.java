package org.jallocator.stack;

import java.util.List;
import java.util.Optional;
import org.jallocator.Allocator;
import org.jallocator.AllocatorConfigException;
import org.jallocator.LeakException;
import org.jallocator.spi.AllocatorErrors;

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
 * built once in a stack and shared by all who name it. A part that nobody names is not read.
 *
 * <p><b>Where it is configured.</b> For {@link #open()}, highest first: the system property {@code
 * allocator.stack}; the environment variable {@code ALLOCATOR_STACK}; the key {@code
 * allocator.stack} in the file that the system property {@code allocator.config} names, then in the
 * one {@code allocator.properties} at the root of the class path; and where none of these says
 * anything, {@code jna}. A named part is looked up in the same order, whatever the expression came
 * from: the system property wins over the named file, and that over the one on the class path.
 * Files are in UTF-8. A name that is set to nothing is an error, and so are two {@code
 * allocator.properties} on the class path: nothing is chosen silently.
 *
 * <p><b>Threads.</b> The stack itself may be asked by any thread; its allocators have rules of
 * their own, which {@link Allocator#isShared()} tells. A confined layer belongs to the thread that
 * opened the stack, which then alone may close it. Shared, may block: {@link #describe} and {@link
 * #close} wait for each other.
 */
public final class AllocatorStack implements AutoCloseable {

  private final Blueprint.Use blueprint;
  private final Layer root;
  private final Layers layers;
  private final Thread owner = Thread.currentThread();
  private final Object lock = new Object();

  private AllocatorStack(Blueprint.Use blueprint) {
    this.blueprint = blueprint;
    this.root = Builder.build(blueprint);
    this.layers = Layers.below(root);
  }

  /**
   * Opens the stack that is configured from outside the program.
   *
   * @return a new stack, to be closed by the caller
   * @throws AllocatorConfigException if the configuration is wrong; nothing is left behind
   * @throws OutOfMemoryError if a layer finds no memory to start with; nothing is left behind
   */
  public static AllocatorStack open() {
    List<ClassLoader> loaders = AllocatorProviders.loaders();
    Configuration configuration = new Configuration(Environment.ofProcess(), loaders);
    return open(configuration.stack(), configuration, AllocatorProviders.load(loaders));
  }

  /**
   * Opens a stack.
   *
   * @param expression what to build
   * @return a new stack, to be closed by the caller
   * @throws AllocatorConfigException if the configuration is wrong; nothing is left behind
   * @throws OutOfMemoryError if a layer finds no memory to start with; nothing is left behind
   */
  public static AllocatorStack open(String expression) {
    return open(expression, AllocatorProviders.loaders());
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
   */
  public static AllocatorStack open(String expression, ClassLoader loader) {
    return open(expression, List.of(loader));
  }

  private static AllocatorStack open(String expression, List<ClassLoader> loaders) {
    return open(
        new Source("the expression", expression),
        new Configuration(Environment.ofProcess(), loaders),
        AllocatorProviders.load(loaders));
  }

  /** Opens the stack that a source stands for. */
  static AllocatorStack open(
      Source source, Configuration configuration, AllocatorProviders providers) {
    return new AllocatorStack(Checker.check(source, providers, configuration));
  }

  /** {@return the allocator at the root, which stands on all others} */
  public Allocator allocator() {
    return root.allocator();
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
   * {@return the tree, one line a layer, with the bytes that are live in each and those that it has
   * reserved} A named part is drawn once and referred to after that. Where the calling thread may
   * not ask a layer, or the layer does not know, its line says so. Costs what {@link
   * Allocator#stats()} costs, once a layer.
   */
  public String describe() {
    synchronized (lock) {
      return Description.of(blueprint, root, owner);
    }
  }

  /**
   * Closes every layer once, from the root down; a named part after all who use it. Closing again
   * what is closed is silent.
   *
   * <p>A layer that leaks stays open, and so does all that it stands on, for that memory is in use:
   * free the blocks and close again. The rest is closed even where a layer throws.
   *
   * @throws LeakException if a layer has live blocks
   * @throws IllegalStateException if an open layer is confined to another thread; then nothing is
   *     closed
   * @throws RuntimeException whatever the first layer throws that throws; what others throw is
   *     suppressed in it
   */
  @Override
  public void close() {
    synchronized (lock) {
      Layer confined = layers.firstConfined();
      if (confined != null && Thread.currentThread() != owner) {
        throw AllocatorErrors.wrongThread(confined.blueprint().declaration().name(), owner);
      }
      Throwable failure = layers.close();
      if (failure instanceof Error error) {
        throw error;
      }
      if (failure instanceof RuntimeException exception) {
        throw exception;
      }
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
