package org.jallocator.bench.jna;

import java.util.List;
import java.util.stream.Stream;

/** The rows of the {@code jna} command's table; what a workload is compared with stands first. */
enum JnaRow {
  RAW_JNA("rawJna", Workload.RAW, Variant.JNA),
  RAW_CONFINED("rawConfined", Workload.RAW, Variant.CONFINED),
  RAW_SHARED("rawShared", Workload.RAW, Variant.SHARED),
  SCOPE_LWJGL("scopeLwjgl", Workload.SCOPE, Variant.LWJGL),
  SCOPE_OPEN("scopeOpen", Workload.SCOPE, Variant.OPEN),
  SCOPE_NESTED("scopeNested", Workload.SCOPE, Variant.NESTED),
  BUFFER_JNA("bufferJna", Workload.BUFFER, Variant.JNA),
  BUFFER_JNA_LEFT("bufferJnaLeft", Workload.BUFFER, Variant.JNA_LEFT),
  BUFFER_CONFINED("bufferConfined", Workload.BUFFER, Variant.CONFINED),
  BUFFER_SHARED("bufferShared", Workload.BUFFER, Variant.SHARED),
  BUFFER_NESTED("bufferNested", Workload.BUFFER, Variant.NESTED),
  STRUCT_JNA("structJna", Workload.STRUCT, Variant.JNA),
  STRUCT_JNA_LEFT("structJnaLeft", Workload.STRUCT, Variant.JNA_LEFT),
  STRUCT_GIVEN("structGiven", Workload.STRUCT, Variant.GIVEN),
  STRUCT_OPEN("structOpen", Workload.STRUCT, Variant.OPEN),
  STRUCT_NESTED("structNested", Workload.STRUCT, Variant.NESTED),
  REFERENCE_JNA("referenceJna", Workload.REFERENCE, Variant.JNA),
  REFERENCE_JNA_LEFT("referenceJnaLeft", Workload.REFERENCE, Variant.JNA_LEFT),
  REFERENCE_OPEN("referenceOpen", Workload.REFERENCE, Variant.OPEN),
  REFERENCE_NESTED("referenceNested", Workload.REFERENCE, Variant.NESTED),
  STRUCT_ARGUMENT_JNA("structArgumentJna", Workload.STRUCT_ARGUMENT, Variant.JNA),
  STRUCT_ARGUMENT_JNA_LEFT("structArgumentJnaLeft", Workload.STRUCT_ARGUMENT, Variant.JNA_LEFT),
  STRUCT_ARGUMENT_NESTED("structArgumentNested", Workload.STRUCT_ARGUMENT, Variant.NESTED),
  OUT_ARGUMENT_JNA("outArgumentJna", Workload.OUT_ARGUMENT, Variant.JNA),
  OUT_ARGUMENT_JNA_LEFT("outArgumentJnaLeft", Workload.OUT_ARGUMENT, Variant.JNA_LEFT),
  OUT_ARGUMENT_NESTED("outArgumentNested", Workload.OUT_ARGUMENT, Variant.NESTED),
  STRING_ARGUMENT_JNA("stringArgumentJna", Workload.STRING_ARGUMENT, Variant.JNA),
  STRING_ARGUMENT_MAPPED("stringArgumentMapped", Workload.STRING_ARGUMENT, Variant.MAPPED),
  STRING_ARGUMENT_NESTED("stringArgumentNested", Workload.STRING_ARGUMENT, Variant.NESTED),
  STRINGS_ARGUMENT_JNA("stringsArgumentJna", Workload.STRINGS_ARGUMENT, Variant.JNA),
  STRINGS_ARGUMENT_NESTED("stringsArgumentNested", Workload.STRINGS_ARGUMENT, Variant.NESTED),
  REQUEST_JNA("requestJna", Workload.REQUEST, Variant.JNA),
  REQUEST_JNA_LEFT("requestJnaLeft", Workload.REQUEST, Variant.JNA_LEFT),
  REQUEST_OPEN("requestOpen", Workload.REQUEST, Variant.OPEN),
  REQUEST_NESTED("requestNested", Workload.REQUEST, Variant.NESTED);

  /** The most threads that plain JNA is measured with if it is passed Strings. */
  static final int MOST_WITH_STRINGS = 8;

  private final String method;
  private final Workload workload;
  private final Variant variant;

  JnaRow(String method, Workload workload, Variant variant) {
    this.method = method;
    this.workload = workload;
    this.variant = variant;
  }

  /** {@return the row that a benchmark fills} */
  static JnaRow of(String method) {
    for (JnaRow row : values()) {
      if (row.method.equals(method)) {
        return row;
      }
    }
    throw new IllegalArgumentException("benchmark has no row: method=" + method);
  }

  /**
   * {@return whether it is measured with so many threads} What threads leave to JNA's cleaner, it
   * frees alone: with too many of them the heap fills up until the JVM comes to a standstill.
   */
  boolean isMeasured(int threads) {
    return switch (variant) {
      case JNA_LEFT -> threads == 1;
      case JNA -> threads <= MOST_WITH_STRINGS || !workload.hasStrings();
      default -> true;
    };
  }

  /** {@return the rows that are measured with so many threads} */
  static List<JnaRow> measured(int threads) {
    return Stream.of(values()).filter(row -> row.isMeasured(threads)).toList();
  }

  /** {@return the name of the benchmark that fills this row} */
  String method() {
    return method;
  }

  Workload workload() {
    return workload;
  }

  Variant variant() {
    return variant;
  }

  /** {@return the row that this one is compared with} */
  JnaRow baseline() {
    for (JnaRow row : values()) {
      if (row.workload == workload) {
        return row;
      }
    }
    throw new AssertionError(this);
  }

  /** What is done. */
  enum Workload {
    RAW("malloc, free"),
    SCOPE("scope"),
    BUFFER("buffer"),
    STRUCT("struct"),
    REFERENCE("by-reference"),
    STRUCT_ARGUMENT("call: struct"),
    OUT_ARGUMENT("call: int out"),
    STRING_ARGUMENT("call: String"),
    STRINGS_ARGUMENT("call: String[]"),
    REQUEST("call: ten");

    private final String label;

    Workload(String label) {
      this.label = label;
    }

    /** {@return the name for users} */
    String label() {
      return label;
    }

    /** {@return whether plain JNA copies Strings, whose memory cannot be closed} */
    private boolean hasStrings() {
      return this == STRING_ARGUMENT || this == STRINGS_ARGUMENT || this == REQUEST;
    }
  }

  /** By what it is done. */
  enum Variant {
    JNA("jna"),
    JNA_LEFT("jna, left"),
    LWJGL("lwjgl"),
    GIVEN("given"),
    CONFINED("confined"),
    SHARED("shared"),
    OPEN("scope"),
    NESTED("nested"),
    MAPPED("mapped");

    private final String label;

    Variant(String label) {
      this.label = label;
    }

    /** {@return the name for users} */
    String label() {
      return label;
    }
  }
}
