package org.jallocator.torture;

import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.stack.AllocatorProviders;
import org.jallocator.testkit.RecordingAllocator;

/** The stacks under torture: every layer, alone and on others, confined and shared. */
final class Stacks {

  /** What {@code @general} stands for, over invented memory. */
  static final String GENERAL =
      "fallback(sizeclass(shared=true, recorded), large(shared=true, recorded))";

  private static final List<String> CONFINED =
      List.of(
          "fixedblock(blockSize=64, pageSize=4KiB, recorded)",
          "fixedblock(blockSize=24, pageSize=984, alignment=8, recorded)",
          "sizeclass(recorded)",
          "sizeclass(maxSize=1KiB, pageSize=4KiB, alignment=64, recorded)",
          "arena(chunkSize=16KiB, recorded)",
          "large(recorded)",
          "large(retain=0, recorded)",
          "fallback(sizeclass(maxSize=1KiB, recorded), large(recorded))",
          "fallback(fixedblock(blockSize=64, pageSize=4KiB, recorded), recorded)",
          "arena(chunkSize=8KiB, fallback(sizeclass(recorded), large(recorded)))",
          "faulty(bug=none, sizeclass(recorded))",
          "sizeclass(maxSize=512, pageSize=8KiB, fixedblock(blockSize=64KiB, pageSize=1MiB,"
              + " recorded))");

  private static final List<String> SHARED =
      List.of(
          "fixedblock(blockSize=64, pageSize=4KiB, shared=true, recorded)",
          "sizeclass(shared=true, recorded)",
          "large(shared=true, recorded)",
          GENERAL,
          "fallback(fixedblock(blockSize=64, shared=true, recorded), " + GENERAL + ")",
          "sizeclass(maxSize=4KiB, shared=true, " + GENERAL + ")",
          "faulty(bug=none, " + GENERAL + ")");

  /** Layers that diagnose or measure, over confined and shared ones. */
  private static final List<String> WATCHED =
      List.of(
          "jfr(sizeclass(recorded))",
          "stats(fallback(sizeclass(maxSize=1KiB, recorded), large(recorded)))",
          "tracked(arena(chunkSize=16KiB, recorded))",
          "limit(bytes=1GiB, large(recorded))",
          "jfr(" + GENERAL + ")",
          "stats(" + GENERAL + ")",
          "tracked(frames=2, " + GENERAL + ")",
          "tracked(frames=2, recorded)",
          "limit(bytes=64GiB, stats(" + GENERAL + "))");

  private static final Set<String> PROVIDERS =
      AllocatorProviders.load().all().stream()
          .map(AllocatorProvider::name)
          .collect(Collectors.toUnmodifiableSet());

  private Stacks() {}

  /** {@return all stacks whose layers are there} */
  static List<String> all() {
    return Stream.of(CONFINED, SHARED, WATCHED)
        .flatMap(List::stream)
        .filter(Stacks::isThere)
        .toList();
  }

  /** {@return the stacks that any thread may use} */
  static List<String> shared() {
    return all().stream().filter(Stacks::isShared).toList();
  }

  /** {@return the stacks of one layer on its leaf, whose stats must agree with the ledger} */
  static boolean isOneLayer(String expression) {
    return expression.indexOf('(') == expression.lastIndexOf('(');
  }

  private static boolean isThere(String expression) {
    return PROVIDERS.contains(expression.substring(0, expression.indexOf('(')));
  }

  private static boolean isShared(String expression) {
    Predicate<String> shared = text -> text.contains("shared=true");
    return shared.test(expression) || expression.equals("tracked(frames=2, recorded)");
  }

  /** {@return an inner, each variant with addresses that are hard on another kind of arithmetic} */
  static RecordingAllocator inner(long variant) {
    RecordingAllocator.Builder builder = RecordingAllocator.builder().refusesWrongFrees(true);
    return switch ((int) Math.floorMod(variant, 4L)) {
      case 0 -> builder.build();
      case 1 -> builder.baseAddress(0x1_0000).build();
      case 2 ->
          builder
              .baseAddress(Long.MIN_VALUE)
              .exactlyAligned(false)
              .gap(4096)
              .reusesAddresses(true)
              .build();
      default -> builder.baseAddress(-(1L << 50)).gap(1).build();
    };
  }
}
