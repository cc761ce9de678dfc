package org.jallocator.diagnostics;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The live blocks of a {@link TrackedAllocator} by the site that allocated them, the largest first.
 * Immutable.
 *
 * @param totals one for each site
 * @param blocks how many blocks are live
 * @param bytes their bytes, as asked for
 * @param sample the mean distance between two sampled blocks in bytes; 0: every block has its site
 */
public record LeakReport(List<SiteTotal> totals, long blocks, long bytes, long sample) {

  /**
   * {@return a report}
   *
   * @param live the live blocks, oldest first
   */
  static LeakReport of(List<TrackedBlock> live, long blocks, long bytes, long sample) {
    long now = System.nanoTime();
    Map<Site, List<TrackedBlock>> bySite = new HashMap<>();
    for (TrackedBlock block : live) {
      if (block.site.isKnown()) {
        bySite.computeIfAbsent(block.site, site -> new ArrayList<>()).add(block);
      }
    }
    List<SiteTotal> totals = new ArrayList<>();
    bySite.forEach((site, allocated) -> totals.add(total(site, allocated, now, sample)));
    totals.sort(Comparator.comparingLong(SiteTotal::bytes).reversed());
    return new LeakReport(List.copyOf(totals), blocks, bytes, sample);
  }

  /** Each block stands for as many as its chance of being sampled says. */
  private static SiteTotal total(Site site, List<TrackedBlock> allocated, long now, long sample) {
    double blocks = 0;
    double bytes = 0;
    for (TrackedBlock block : allocated) {
      double weight = sample == 0 ? 1 : -1 / Math.expm1(-(double) block.size / sample);
      blocks += weight;
      bytes += weight * block.size;
    }
    TrackedBlock oldest = allocated.get(0);
    return new SiteTotal(
        site,
        Math.round(blocks),
        Math.round(bytes),
        allocated.size(),
        oldest.ageMillis(now),
        oldest.thread);
  }

  /**
   * Makes a report of two sites, which initializes all that one needs, such as {@code equals} of
   * records: where the stack or the Java heap ends, that would fail for the process.
   */
  static void rehearse() {
    List<TrackedBlock> blocks = new ArrayList<>();
    for (String method : List.of("first", "second")) {
      Site site = new Site(List.of(new StackTraceElement("Rehearsal", method, null, -1)));
      blocks.add(new TrackedBlock(1, site, "", 0));
      blocks.add(new TrackedBlock(1, new Site(site.frames()), "", 0));
    }
    String unused = of(blocks, blocks.size(), blocks.size(), 1).text(1);
  }

  /** {@return a few lines a site, the largest first} */
  public String text() {
    return text(Integer.MAX_VALUE);
  }

  /**
   * {@return a few lines a site, the largest first}
   *
   * @param limit how many sites at the most
   */
  public String text(int limit) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%,d bytes in %,d live blocks of %,d sites%s",
            bytes,
            blocks,
            totals.size(),
            sample == 0 ? "" : ", estimated from samples, one in " + sample + " bytes"));
    for (SiteTotal total : totals.subList(0, Math.min(limit, totals.size()))) {
      text.append(
          String.format(
              Locale.ROOT,
              "%n  %,d bytes in %,d blocks, the oldest of %d ms ago by thread %s",
              total.bytes(),
              total.blocks(),
              total.oldestMillis(),
              total.thread()));
      for (StackTraceElement frame : total.site().frames()) {
        text.append(String.format("%n    at %s", frame));
      }
    }
    if (totals.size() > limit) {
      text.append(String.format("%n  and %d more sites", totals.size() - limit));
    }
    return text.toString();
  }

  /** {@return one JSON object, by the names of this record and of {@link SiteTotal}} */
  public String json() {
    StringBuilder text = new StringBuilder();
    text.append("{\"blocks\":").append(blocks);
    text.append(",\"bytes\":").append(bytes);
    text.append(",\"sample\":").append(sample);
    text.append(",\"totals\":[");
    String comma = "";
    for (SiteTotal total : totals) {
      text.append(comma).append("{\"blocks\":").append(total.blocks());
      text.append(",\"bytes\":").append(total.bytes());
      text.append(",\"sampledBlocks\":").append(total.sampledBlocks());
      text.append(",\"oldestMillis\":").append(total.oldestMillis());
      text.append(",\"thread\":").append(quote(total.thread()));
      text.append(",\"frames\":[");
      List<StackTraceElement> frames = total.site().frames();
      for (int i = 0; i < frames.size(); i++) {
        text.append(i == 0 ? "" : ",").append(quote(frames.get(i).toString()));
      }
      text.append("]}");
      comma = ",";
    }
    return text.append("]}").toString();
  }

  /**
   * {@return one line a site, {@code outer;inner bytes}: what flame graph tools take as collapsed
   * stacks}
   */
  public String collapsed() {
    StringBuilder text = new StringBuilder();
    for (SiteTotal total : totals) {
      List<StackTraceElement> frames = total.site().frames();
      if (frames.isEmpty()) {
        text.append(total.site().top());
      }
      for (int i = frames.size() - 1; i >= 0; i--) {
        StackTraceElement frame = frames.get(i);
        text.append(frame.getClassName()).append('.').append(frame.getMethodName());
        text.append(i == 0 ? "" : ";");
      }
      text.append(' ').append(total.bytes()).append('\n');
    }
    return text.toString();
  }

  private static String quote(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        quoted.append('\\').append(c);
      } else if (c < ' ') {
        quoted.append(String.format("\\u%04x", (int) c));
      } else {
        quoted.append(c);
      }
    }
    return quoted.append('"').toString();
  }
}
