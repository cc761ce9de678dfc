package org.jallocator.metrics;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.MemoryAddress;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/**
 * The events of a flight recording. Events of every malloc are off by default. Those of every page
 * are on without a stack trace. Those of a mistake or of the end of memory are on with one.
 */
@SuppressWarnings("UnusedVariable") // the recorder reads the fields
final class JfrEvents {

  private static final String CATEGORY = "Native memory allocators";

  private JfrEvents() {}

  /** An event of a layer. */
  @Category(CATEGORY)
  private abstract static class LayerEvent extends Event {
    @Label("Layer")
    @Description("Name of the layer's provider")
    String layer = "";
  }

  /** A layer {@code jfr} handed out a block. */
  @Name("org.jallocator.Malloc")
  @Label("Malloc")
  @Description("A layer jfr handed out a block")
  @Enabled(false)
  static final class Malloc extends LayerEvent {
    @Label("Address")
    @MemoryAddress
    long address;

    @Label("Size")
    @DataAmount
    long size;

    @Label("Weight")
    @Description("Bytes of mallocs that this event stands for; the size, if all are recorded")
    @DataAmount
    long weight;
  }

  /** A layer {@code jfr} is about to free a block. */
  @Name("org.jallocator.Free")
  @Label("Free")
  @Description("A layer jfr is about to free a block")
  @Enabled(false)
  static final class Free extends LayerEvent {
    @Label("Address")
    @MemoryAddress
    long address;
  }

  /** A layer took a page, a chunk or a large block from its inner. */
  @Name("org.jallocator.TakePage")
  @Label("Take Page")
  @Description("A layer took a page, a chunk or a large block from its inner")
  @StackTrace(false)
  static final class TakePage extends LayerEvent {
    @Label("Address")
    @MemoryAddress
    long address;

    @Label("Size")
    @DataAmount
    long size;
  }

  /** A layer gave a page, a chunk or a large block back to its inner. */
  @Name("org.jallocator.ReturnPage")
  @Label("Return Page")
  @Description("A layer gave a page, a chunk or a large block back to its inner")
  @StackTrace(false)
  static final class ReturnPage extends LayerEvent {
    @Label("Address")
    @MemoryAddress
    long address;

    @Label("Size")
    @DataAmount
    long size;
  }

  /** The inner of a layer had no memory. */
  @Name("org.jallocator.InnerRefused")
  @Label("Inner Refused")
  @Description("The inner of a layer had no memory")
  static final class InnerRefused extends LayerEvent {
    @Label("Size")
    @Description("Bytes asked for")
    @DataAmount
    long size;
  }

  /** A layer refused a malloc because of its limit, or warns. */
  @Name("org.jallocator.LimitReached")
  @Label("Limit Reached")
  @Description("A layer refused a malloc because of its limit, or warns")
  static final class LimitReached extends LayerEvent {
    @Label("Size")
    @Description("Bytes asked for")
    @DataAmount
    long size;

    @Label("Limit")
    @Description("Bytes that may be live; for a warning, the live bytes from which on it warns")
    @DataAmount
    long limit;
  }

  /** A layer was closed with live blocks. */
  @Name("org.jallocator.Leak")
  @Label("Leak")
  @Description("A layer was closed with live blocks")
  static final class Leak extends LayerEvent {
    @Label("Blocks")
    long blocks;

    @Label("Size")
    @Description("Bytes of the blocks, without those of unknown length")
    @DataAmount
    long size;

    @Label("First Address")
    @Description("0 if the layer names none")
    @MemoryAddress
    long address;
  }

  /** A layer refused a free. */
  @Name("org.jallocator.InvalidFree")
  @Label("Invalid Free")
  @Description("A layer refused a free")
  static final class InvalidFree extends LayerEvent {
    @Label("Address")
    @MemoryAddress
    long address;

    @Label("Reason")
    @Description("Name of a constant of InvalidFreeException.Reason")
    String reason = "";
  }
}
