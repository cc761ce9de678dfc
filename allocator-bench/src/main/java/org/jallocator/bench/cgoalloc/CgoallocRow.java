package org.jallocator.bench.cgoalloc;

import org.jspecify.annotations.Nullable;

/** The rows of the reference's table, with what it publishes; a baseline stands before its rows. */
public enum CgoallocRow {
  TEMPORARY_JNA("temporaryData", "TemporaryData", CgoallocBenchmark.JNA, 94.58),
  TEMPORARY_FIXED("temporaryData", "TemporaryData", CgoallocBenchmark.FIXED_64, 9.714),
  TEMPORARY_ARENA("arenaTemporaryData", "TemporaryData", CgoallocBenchmark.FIXED_64, 29.24),
  GROW_JNA("growShrink", "GrowShrink", CgoallocBenchmark.JNA, 104.7),
  GROW_FIXED("growShrink", "GrowShrink", CgoallocBenchmark.FIXED_8, 34.83),
  MIXED_TEMPORARY_JNA(
      "multilayerTemporaryData", "MultilayerTemporaryData", CgoallocBenchmark.JNA, null),
  MIXED_TEMPORARY_LAYERS(
      "multilayerTemporaryData", "MultilayerTemporaryData", CgoallocBenchmark.SMALL_LAYERS, 17.06),
  MIXED_GROW_JNA("multilayerGrowShrink", "MultilayerGrowShrink", CgoallocBenchmark.JNA, null),
  MIXED_GROW_LAYERS(
      "multilayerGrowShrink", "MultilayerGrowShrink", CgoallocBenchmark.LARGE_LAYERS, 35.78);

  private final String method;
  private final String workload;
  private final String parameter;
  private final @Nullable Double publishedNanos;

  CgoallocRow(String method, String workload, String parameter, @Nullable Double publishedNanos) {
    this.method = method;
    this.workload = workload;
    this.parameter = parameter;
    this.publishedNanos = publishedNanos;
  }

  /** {@return the row that a benchmark fills} */
  static CgoallocRow of(String method, String parameter) {
    for (CgoallocRow row : values()) {
      if (row.method.equals(method) && row.parameter.equals(parameter)) {
        return row;
      }
    }
    throw new IllegalArgumentException(
        "benchmark has no row: method=" + method + ", stack=" + parameter);
  }

  /** {@return the reference's name of what is done, and of the sizes} */
  String workload() {
    return workload;
  }

  /** {@return the expression of the stack} */
  String stack() {
    return this == TEMPORARY_ARENA ? "arena(" + parameter + ")" : parameter;
  }

  /** {@return the row of the same sizes on jna} */
  CgoallocRow baseline() {
    return switch (this) {
      case TEMPORARY_JNA, TEMPORARY_FIXED, TEMPORARY_ARENA -> TEMPORARY_JNA;
      case GROW_JNA, GROW_FIXED -> GROW_JNA;
      case MIXED_TEMPORARY_JNA, MIXED_TEMPORARY_LAYERS -> MIXED_TEMPORARY_JNA;
      case MIXED_GROW_JNA, MIXED_GROW_LAYERS -> MIXED_GROW_JNA;
    };
  }

  /** {@return cgoalloc's figure in nanoseconds; null if it publishes none} */
  @Nullable Double publishedNanos() {
    return publishedNanos;
  }

  /**
   * {@return cgoalloc's figure in those of its own baseline; null if it publishes none} It
   * publishes no baseline for mixed sizes, so these stand against the one of uniform sizes.
   */
  @Nullable Double publishedRatio() {
    CgoallocRow theirs =
        switch (baseline()) {
          case MIXED_TEMPORARY_JNA -> TEMPORARY_JNA;
          case MIXED_GROW_JNA -> GROW_JNA;
          default -> baseline();
        };
    Double baselineNanos = theirs.publishedNanos;
    return publishedNanos == null || baselineNanos == null ? null : publishedNanos / baselineNanos;
  }
}
