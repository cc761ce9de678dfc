package org.jallocator.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jallocator.Allocator;
import org.jallocator.fixedblock.FixedBlockAllocator;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Test;

/** docs/metrics.md names the events and the meters that there are, with their defaults. */
class MetricsPageTest {

  private static String page() throws IOException {
    return Files.readString(Path.of("..", "docs", "metrics.md"));
  }

  /** {@return the last cell of each row of a table, by the first} */
  private static Map<String, String> rows(String first, int cell) throws IOException {
    return Pattern.compile("^\\| `(" + first + "[A-Za-z.]*)` \\|(.*)\\|$", Pattern.MULTILINE)
        .matcher(page())
        .results()
        .collect(
            Collectors.toMap(
                row -> row.group(1),
                row -> row.group(2).split("\\|", -1)[cell].strip(),
                (a, b) -> a + " and " + b,
                TreeMap::new));
  }

  @Test
  void namesEveryEventWithItsDefault() throws IOException {
    Map<String, String> events = new TreeMap<>();
    for (Class<?> type : JfrEvents.class.getDeclaredClasses()) {
      Name name = type.getAnnotation(Name.class);
      if (name != null) {
        Enabled enabled = type.getAnnotation(Enabled.class);
        StackTrace trace = type.getAnnotation(StackTrace.class);
        String withTrace = trace == null || trace.value() ? "yes, with the stack trace" : "yes";
        events.put(name.value(), enabled == null || enabled.value() ? withTrace : "no");
        assertTrue(Event.class.isAssignableFrom(type), type::getName);
      }
    }
    assertEquals(events, rows("org\\.jallocator\\.", 1));
  }

  @Test
  void namesTheMetersOfALayerThatKeepsBooks() throws IOException {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    try (RecordingAllocator inner = RecordingAllocator.builder().build();
        Allocator layer = FixedBlockAllocator.create(inner, 4096, 64, 8)) {
      new LayerSeries(Tags.empty(), layer).register(registry);
    }
    Stream<String> named =
        rows("allocator\\.", 1).entrySet().stream()
            .filter(row -> row.getValue().equals("those that keep books"))
            .map(Map.Entry::getKey);
    assertEquals(
        registry.getMeters().stream()
            .map(Meter::getId)
            .map(Meter.Id::getName)
            .sorted()
            .collect(Collectors.toList()),
        named.sorted().toList());
    assertEquals(10, rows("allocator\\.", 1).size());
  }
}
