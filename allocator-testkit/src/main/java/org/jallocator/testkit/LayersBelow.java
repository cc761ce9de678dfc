package org.jallocator.testkit;

import java.util.List;
import java.util.function.Consumer;
import org.jallocator.Allocator;
import org.jallocator.LeakException;
import org.jspecify.annotations.Nullable;

/** What stands below an allocator under test, an upper layer before a lower one, to be closed. */
record LayersBelow(List<AutoCloseable> layers) {

  /**
   * Closes each layer; nothing may be live in it. Calls a check just before it closes the ledger.
   */
  void close(@Nullable RecordingAllocator ledger, Consumer<RecordingAllocator> check) {
    for (AutoCloseable layer : layers) {
      checkLedger(layer, ledger, check);
      try {
        layer.close();
      } catch (Exception e) {
        throw new AssertionError("a layer below does not close", e);
      }
    }
  }

  /** Closes and releases each layer. Calls a check just before it closes the ledger. */
  void closeAndRelease(@Nullable RecordingAllocator ledger, Consumer<RecordingAllocator> check) {
    for (AutoCloseable layer : layers) {
      checkLedger(layer, ledger, check);
      try {
        if (layer instanceof Allocator allocator) {
          allocator.closeAndRelease();
        } else {
          layer.close();
        }
      } catch (LeakException e) {
        // What the layer above did not give back: the ledger shows whether it went back now.
      } catch (Exception e) {
        throw new AssertionError("a layer below does not close", e);
      }
    }
  }

  private static void checkLedger(
      AutoCloseable layer,
      @Nullable RecordingAllocator ledger,
      Consumer<RecordingAllocator> check) {
    if (ledger != null && layer == ledger) {
      check.accept(ledger);
    }
  }

  /** Closes all layers, whatever they say. */
  void abandon() {
    for (AutoCloseable layer : layers) {
      try {
        layer.close();
      } catch (Exception e) {
        // The rules about close will find it.
      }
    }
  }
}
