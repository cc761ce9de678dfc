package org.jallocator.stack;

import java.util.HashMap;
import java.util.Map;
import org.jallocator.AllocatorStats;

/**
 * Draws the tree of a stack, a line for each layer, two spaces in for each level:
 *
 * <pre>
 * fallback: not tracked
 *   &#64;small = fixedblock(blockSize=64): live 192 bytes, reserved 65536 bytes
 *     library(name=jemalloc): not tracked, file /usr/lib/libjemalloc.so.2
 *   arena: live 0 bytes, reserved 0 bytes
 *     &#64;small: shown above
 * </pre>
 */
final class Description {

  private final Thread owner;
  private final Map<Layer, String> shown = new HashMap<>();
  private final StringBuilder lines = new StringBuilder();

  private Description(Thread owner) {
    this.owner = owner;
  }

  /**
   * Returns the lines.
   *
   * @param use how the root is referred to
   * @param root the root
   * @param owner the thread that alone may ask the confined layers
   */
  static String of(Blueprint.Use use, Layer root, Thread owner) {
    Description description = new Description(owner);
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

  private String figures(Layer layer) {
    if (layer.isClosed()) {
      return "closed";
    }
    if (!layer.allocator().isShared() && Thread.currentThread() != owner) {
      return "confined to " + owner;
    }
    AllocatorStats stats = layer.allocator().stats();
    if (stats.liveBytes() == AllocatorStats.UNTRACKED
        && stats.reservedBytes() == AllocatorStats.UNTRACKED) {
      return "not tracked";
    }
    return "live " + bytes(stats.liveBytes()) + ", reserved " + bytes(stats.reservedBytes());
  }

  private static String bytes(long bytes) {
    return bytes == AllocatorStats.UNTRACKED ? "not tracked" : bytes + " bytes";
  }
}
