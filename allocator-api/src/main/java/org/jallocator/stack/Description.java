package org.jallocator.stack;

import java.util.HashMap;
import java.util.Map;
import org.jallocator.AllocatorStats;

/**
 * Draws the tree of a stack, a line for each layer, two spaces in for each level:
 *
 * <pre>
 * fallback: live 192 bytes and 1 block of unknown length, reserved 65536 bytes
 *   &#64;small = fixedblock(blockSize=64): live 192 bytes, reserved 65536 bytes
 *     library(name=jemalloc): not tracked, file /usr/lib/libjemalloc.so.2
 *   arena: closed
 *     &#64;small: shown above
 * </pre>
 *
 * <p>What is documented of a line is at {@link AllocatorStack#describe}.
 */
final class Description {

  private final Map<Layer, String> shown = new HashMap<>();
  private final StringBuilder lines = new StringBuilder();

  private Description() {}

  /**
   * {@return the lines}
   *
   * @param use how the root is referred to
   * @param root the root
   */
  static String of(Blueprint.Use use, Layer root) {
    Description description = new Description();
    description.add(use, root, "");
    return description.lines.toString();
  }

  private void add(Blueprint.Use use, Layer layer, String indent) {
    lines.append(lines.isEmpty() ? "" : "\n").append(indent);
    String name = use.part() == null ? "" : "@" + use.part();
    String known = shown.putIfAbsent(layer, name);
    if (known != null) {
      lines.append(name).append(": shown above").append(known.equals(name) ? "" : " as " + known);
      return;
    }
    lines.append(name).append(name.isEmpty() ? "" : " = ").append(use.layer().title());
    lines.append(": ").append(figures(layer)).append(detail(layer));
    for (int i = 0; i < layer.inners().size(); i++) {
      add(use.layer().inners().get(i), layer.inners().get(i), indent + "  ");
    }
  }

  private static String detail(Layer layer) {
    String detail = layer.blueprint().declaration().provider().detail(layer.allocator());
    return detail.isEmpty() ? "" : ", " + detail;
  }

  private static String figures(Layer layer) {
    if (layer.isClosed()) {
      return "closed";
    }
    AllocatorStats stats = layer.allocator().stats();
    if (!stats.isTracked()) {
      return "not tracked";
    }
    String unsized =
        stats.unsizedBlocks() == 0
            ? ""
            : " and " + counted(stats.unsizedBlocks(), "block") + " of unknown length";
    return "live "
        + counted(stats.liveBytes(), "byte")
        + unsized
        + ", reserved "
        + counted(stats.reservedBytes(), "byte");
  }

  private static String counted(long count, String unit) {
    return count + " " + unit + (count == 1 ? "" : "s");
  }
}
