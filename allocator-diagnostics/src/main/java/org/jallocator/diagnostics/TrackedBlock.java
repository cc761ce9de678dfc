package org.jallocator.diagnostics;

import org.jspecify.annotations.Nullable;

/** A live block, or one in the history, with where it comes from. */
final class TrackedBlock extends Block {

  private static final long NANOS_PER_MILLI = 1_000_000;

  final Site site;
  final String thread;
  final long since;

  /** Set when the block is freed; null until then, and if that is not recorded. */
  @Nullable Site freeSite;

  String freeThread = "";
  long freedAt;

  TrackedBlock(long size, Site site, String thread, long since) {
    super(size, size);
    this.site = site;
    this.thread = thread;
    this.since = since;
  }

  /** {@return how long ago it was allocated} */
  long ageMillis(long now) {
    return (now - since) / NANOS_PER_MILLI;
  }

  /** {@return lines that begin with a line break} */
  String describe(long now) {
    StringBuilder text = new StringBuilder();
    append(text, "allocated", thread, ageMillis(now), site);
    if (freeSite != null) {
      append(text, "freed", freeThread, (now - freedAt) / NANOS_PER_MILLI, freeSite);
    }
    return text.toString();
  }

  private static void append(
      StringBuilder text, String verb, String thread, long millis, Site site) {
    text.append("\n  ").append(verb).append(" by thread ").append(thread);
    text.append(' ').append(millis).append(" ms ago at ").append(site.line());
  }
}
