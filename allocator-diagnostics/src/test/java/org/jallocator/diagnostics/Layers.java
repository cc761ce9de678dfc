package org.jallocator.diagnostics;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jallocator.Allocator;

/** Every layer of the package, by its name, for tests that hold for all. */
final class Layers {

  private Layers() {}

  static Map<String, UnaryOperator<Allocator>> all() {
    Map<String, UnaryOperator<Allocator>> layers = new LinkedHashMap<>();
    layers.put("stats", StatsAllocator::create);
    layers.put("limit", inner -> LimitAllocator.create(inner, Long.MAX_VALUE, 1000));
    layers.put("failing", inner -> FailingAllocator.builder(inner).build());
    layers.put("log", inner -> LogAllocator.create(inner, traceFile()));
    layers.put("tracked", inner -> TrackedAllocator.builder(inner).history(0).build());
    layers.put("sampled", inner -> TrackedAllocator.builder(inner).sample(512).history(0).build());
    layers.put(
        "guarded",
        inner -> GuardedAllocator.builder(inner).access(new FakeMemory()).quarantine(1000).build());
    return layers;
  }

  static UnaryOperator<Allocator> of(String name) {
    return Objects.requireNonNull(all().get(name), name);
  }

  static Path traceFile() {
    Path file =
        Path.of(System.getProperty("java.io.tmpdir"), "jallocator-" + UUID.randomUUID() + ".gz");
    file.toFile().deleteOnExit();
    return file;
  }
}
