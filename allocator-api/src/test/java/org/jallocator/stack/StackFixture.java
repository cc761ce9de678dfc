package org.jallocator.stack;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jallocator.Allocator;
import org.jallocator.AllocatorConfigException;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.spi.AllocatorProvider.InnerLayer;
import org.jallocator.spi.AllocatorSettings;
import org.jallocator.spi.Option;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.function.Executable;

/**
 * Providers that are named as the real ones and create fakes, a process environment that starts
 * empty, and a diary of what was created and closed.
 *
 * <p>{@code every} has an option of each type. The rest misbehave: {@code refusing}, {@code
 * failing}, {@code unlinked}, {@code exhausted}, {@code nothing} and {@code echo} when they create,
 * {@code local} by being confined and {@code bridge} by being shared whatever it stands on.
 */
final class StackFixture {

  /** What {@code refusing} says. */
  static final String RULE = "refusing: blockSize is odd: blockSize=7, limit=8";

  static final Option<Long> BLOCK_SIZE =
      Option.size("blockSize", 64, 1, 1L << 30, "bytes of a block");
  static final Option<Long> PAGE_SIZE =
      Option.size("pageSize", 65536, 1, Long.MAX_VALUE, "bytes of a page");
  static final Option<Long> CHUNK_SIZE =
      Option.size("chunkSize", 65536, 16, 1L << 40, "bytes of a chunk");

  static final Option<Long> SIZE = Option.size("size", 0, 0, Long.MAX_VALUE, "bytes");
  static final Option<Long> COUNT = Option.number("count", 1, -5, 100, "a count");
  static final Option<Boolean> FLAG = Option.flag("flag", false, "a flag");
  static final Option<String> MODE =
      Option.word("mode", "fast", List.of("fast", "small", "in between"), "a mode");
  static final Option<String> LABEL = Option.text("label", "", "a label");
  static final List<Option<?>> EVERY = List.of(SIZE, COUNT, FLAG, MODE, LABEL);

  final List<String> closed = new ArrayList<>();
  final List<String> created = new ArrayList<>();
  final Map<String, String> properties = new HashMap<>();
  final Map<String, String> variables = new HashMap<>();
  final List<AllocatorProvider> providers = new ArrayList<>();
  final List<ClassLoader> loaders = new ArrayList<>();

  StackFixture() {
    add("arena", List.of(CHUNK_SIZE), List.of("inner"), owning("arena"));
    add("fallback", List.of(), List.of("primary", "other"), plain("fallback"));
    add("fixedblock", List.of(BLOCK_SIZE, PAGE_SIZE), List.of("inner"), owning("fixedblock"));
    add("jna", List.of(), List.of(), plain("jna"));
  }

  /** Adds the provider that has an option of each type. */
  StackFixture withEvery() {
    add("every", EVERY, List.of(), plain("every"));
    return this;
  }

  /** Adds the providers that misbehave. */
  StackFixture withTroublemakers() {
    List<String> one = List.of("inner");
    List<String> none = List.of();
    add("bridge", List.of(), one, inners -> new FakeAllocator("bridge", closed, true, List.of()));
    add("echo", List.of(), one, inners -> inners.get(0));
    add("exhausted", List.of(), one, inners -> fail(new OutOfMemoryError("no memory: size=64")));
    add("failing", List.of(), one, inners -> fail(new IllegalStateException("out of order")));
    add("local", List.of(), none, inners -> new FakeAllocator("local", closed, false, inners));
    add("refusing", List.of(BLOCK_SIZE), one, inners -> fail(new IllegalArgumentException(RULE)));
    add(
        "unlinked",
        List.of(),
        none,
        inners -> fail(new NoClassDefFoundError("com/sun/jna/Native")));
    providers.add(
        new FakeProvider(
            "nothing", List.of(), List.of(), Map.<AllocatorSettings, Allocator>of()::get));
    return this;
  }

  private Function<List<Allocator>, Allocator> plain(String name) {
    return inners -> new FakeAllocator(name, closed, isShared(inners), inners);
  }

  private Function<List<Allocator>, Allocator> owning(String name) {
    return inners -> new FakeAllocator.Owning(name, closed, isShared(inners), inners);
  }

  private static boolean isShared(List<Allocator> inners) {
    return inners.stream().allMatch(Allocator::isShared);
  }

  private static Allocator fail(RuntimeException e) {
    throw e;
  }

  private static Allocator fail(Error e) {
    throw e;
  }

  private void add(
      String name,
      List<Option<?>> options,
      List<String> roles,
      Function<List<Allocator>, Allocator> creator) {
    List<InnerLayer> inners =
        roles.stream().map(role -> new InnerLayer(role, role.equals("primary"))).toList();
    providers.add(
        new FakeProvider(
            name,
            options,
            inners,
            settings -> {
              List<Object> values = new ArrayList<>();
              options.forEach(option -> values.add(settings.get(option)));
              created.add(name + values);
              return creator.apply(
                  IntStream.range(0, roles.size()).mapToObj(settings::inner).toList());
            }));
  }

  Configuration configuration() {
    return new Configuration(new Environment(properties, variables), loaders);
  }

  /** Opens what is configured in the fixture's environment. */
  AllocatorStack open() {
    Configuration configuration = configuration();
    return open(null, configuration.stack(null), configuration);
  }

  /** Opens what is configured in the fixture's environment for a name. */
  AllocatorStack named(String name) {
    Configuration configuration = configuration();
    return open(name, configuration.stack(name), configuration);
  }

  /** Opens what is configured for that very name, or another expression. */
  AllocatorStack namedOr(String name, String otherwise) {
    Configuration configuration = configuration();
    return open(name, configuration.stackOr(name, otherwise), configuration);
  }

  AllocatorStack open(String expression) {
    return open(null, new Source("the expression", expression), configuration());
  }

  private AllocatorStack open(@Nullable String name, Source source, Configuration configuration) {
    return AllocatorStack.open(name, source, configuration, AllocatorProviders.of(providers));
  }

  /** Returns the message with which an expression is refused. */
  String refusal(String expression) {
    return messageOf(() -> open(expression).close());
  }

  /** Returns the message of the configuration exception that is thrown. */
  static String messageOf(Executable action) {
    return String.valueOf(assertThrows(AllocatorConfigException.class, action).getMessage());
  }
}
