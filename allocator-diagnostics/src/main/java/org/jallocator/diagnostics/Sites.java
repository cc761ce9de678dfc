package org.jallocator.diagnostics;

import java.lang.StackWalker.StackFrame;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Captures sites by {@link StackWalker}, each once: what is kept per block is one reference.
 *
 * <p>Shared, may block. O(frames).
 */
final class Sites {

  /** Packages whose frames are left out at the top: the program is not to blame for them. */
  private static final Set<String> OWN_PACKAGES =
      Set.of(
          "org.jallocator",
          "org.jallocator.spi",
          "org.jallocator.stack",
          "org.jallocator.jna",
          "org.jallocator.fixedblock",
          "org.jallocator.arena",
          "org.jallocator.large",
          "org.jallocator.diagnostics",
          "org.jallocator.metrics",
          "org.jallocator.arrow",
          "org.jallocator.netty",
          "org.jallocator.ffm",
          "org.jallocator.spark");

  private static final StackWalker WALKER = StackWalker.getInstance();

  private final int depth;
  private final Map<Key, Site> sites = new ConcurrentHashMap<>();

  /** What tells two sites apart, cheaper to make than their frames. */
  private static final class Key {
    private final String[] methods;
    private final int[] positions;
    private final int hash;

    private Key(List<StackFrame> frames) {
      methods = new String[2 * frames.size()];
      positions = new int[frames.size()];
      for (int i = 0; i < positions.length; i++) {
        methods[2 * i] = frames.get(i).getClassName();
        methods[2 * i + 1] = frames.get(i).getMethodName();
        positions[i] = frames.get(i).getByteCodeIndex();
      }
      hash = 31 * Arrays.hashCode(methods) + Arrays.hashCode(positions);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Key key
          && hash == key.hash
          && Arrays.equals(positions, key.positions)
          && Arrays.equals(methods, key.methods);
    }

    @Override
    public int hashCode() {
      return hash;
    }
  }

  Sites(int depth) {
    this.depth = depth;
    // Initializes all that a walk needs: where the stack ends, that would fail for the process.
    Site unused = here();
  }

  /** {@return the site of the caller} */
  Site here() {
    List<StackFrame> frames = WALKER.walk(this::select);
    if (frames.isEmpty()) {
      frames = WALKER.walk(stack -> stack.limit(depth).toList());
    }
    Key key = new Key(frames);
    Site known = sites.get(key);
    if (known != null) {
      return known;
    }
    Site site = new Site(frames.stream().map(StackFrame::toStackTraceElement).toList());
    Site earlier = sites.putIfAbsent(key, site);
    return earlier == null ? site : earlier;
  }

  private List<StackFrame> select(Stream<StackFrame> stack) {
    List<StackFrame> frames = new ArrayList<>(depth);
    stack.dropWhile(frame -> isOwn(frame.getClassName())).limit(depth).forEach(frames::add);
    return frames;
  }

  private static boolean isOwn(String className) {
    if (!className.startsWith("org.jallocator.")) {
      return false;
    }
    int end = className.lastIndexOf('.');
    return OWN_PACKAGES.contains(className.substring(0, end));
  }
}
