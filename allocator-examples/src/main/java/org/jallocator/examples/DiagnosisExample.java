package org.jallocator.examples;

import com.sun.jna.Pointer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.jallocator.Allocator;
import org.jallocator.InvalidFreeException;
import org.jallocator.LeakException;
import org.jallocator.diagnostics.StatsAllocator;
import org.jallocator.diagnostics.TrackedAllocator;
import org.jallocator.stack.AllocatorStack;

/** One bug or question for each diagnostic layer, and what the layer says. */
public final class DiagnosisExample {

  private DiagnosisExample() {}

  /**
   * Prints what each layer says.
   *
   * @param args none
   * @throws IOException if a temporary file cannot be written
   */
  public static void main(String[] args) throws IOException {
    print("stats", howMuchIsUsed());
    print("tracked: a leak", whoseLeakIsIt());
    print("tracked: a double free", whoFreedItFirst());
    print("guarded", whoWroteBehindItsBlock());
    print("limit", whatIsTooMuch());
    print("failing", doesTheProgramSurvive());
    print("log", whatWasCalled());
  }

  private static void print(String title, String text) {
    System.out.println("--- " + title);
    System.out.println(text.stripTrailing());
  }

  /** {@return what {@code stats} counted between a push and its pop} */
  public static String howMuchIsUsed() {
    try (AllocatorStack stack = AllocatorStack.open("stats(sizeclass(jna))")) {
      StatsAllocator stats = stack.find(StatsAllocator.class).orElseThrow();
      stats.push();
      for (int i = 1; i <= 100; i++) {
        stats.free(stats.malloc(i));
      }
      return stats.pop().report();
    }
  }

  /** {@return how {@code tracked} reports two leaks} */
  public static String whoseLeakIsIt() {
    AllocatorStack stack = AllocatorStack.open("tracked(frames=2, jna)");
    Allocator allocator = stack.allocator();
    for (int i = 0; i < 3; i++) {
      readHeader(allocator);
    }
    readBody(allocator);
    TrackedAllocator tracked = stack.find(TrackedAllocator.class).orElseThrow();
    String flameGraph = tracked.report().collapsed();
    try {
      stack.closeAndRelease();
      return "no leak";
    } catch (LeakException leak) {
      return leak.getMessage() + "\nfor a flame graph:\n" + flameGraph;
    }
  }

  private static void readHeader(Allocator allocator) {
    allocator.free(allocator.malloc(64));
    allocator.malloc(32); // and forgets it
  }

  private static void readBody(Allocator allocator) {
    allocator.malloc(4096); // and forgets it
  }

  /** {@return how {@code tracked} reports a second free} */
  public static String whoFreedItFirst() {
    try (AllocatorStack stack = AllocatorStack.open("tracked(frames=1, jna)")) {
      Allocator allocator = stack.allocator();
      long address = allocator.malloc(64);
      closeConnection(allocator, address);
      try {
        closeSession(allocator, address);
        return "no bad free";
      } catch (InvalidFreeException e) {
        return String.valueOf(e.getMessage());
      }
    }
  }

  private static void closeConnection(Allocator allocator, long address) {
    allocator.free(address);
  }

  private static void closeSession(Allocator allocator, long address) {
    allocator.free(address);
  }

  /** {@return how {@code guarded}, with {@code tracked} above, reports a write behind a block} */
  public static String whoWroteBehindItsBlock() {
    try (AllocatorStack stack = AllocatorStack.open("tracked(frames=1, guarded(jna))")) {
      Allocator allocator = stack.allocator();
      long address = allocator.malloc(5);
      new Pointer(address).setString(0, "hello"); // five letters, and a zero behind them
      try {
        allocator.free(address);
        return "nothing overwritten";
      } catch (InvalidFreeException e) {
        allocator.free(address); // the fences are mended
        return String.valueOf(e.getMessage());
      }
    }
  }

  /** {@return what {@code limit} throws} */
  public static String whatIsTooMuch() {
    try (AllocatorStack stack = AllocatorStack.open("limit(bytes=1M, jna)")) {
      Allocator allocator = stack.allocator();
      long address = allocator.malloc(700_000);
      try {
        allocator.free(allocator.malloc(700_000));
        return "no limit";
      } catch (OutOfMemoryError e) {
        return String.valueOf(e.getMessage());
      } finally {
        allocator.free(address);
      }
    }
  }

  /** {@return what becomes of a program whose every third malloc fails} */
  public static String doesTheProgramSurvive() {
    try (AllocatorStack stack = AllocatorStack.open("failing(nth=3, every=3, jna)")) {
      Allocator allocator = stack.allocator();
      StringBuilder text = new StringBuilder();
      for (int i = 1; i <= 7; i++) {
        long address = allocator.tryMalloc(64);
        text.append(i).append(address == Allocator.NULL ? " failed\n" : " served\n");
        allocator.free(address);
      }
      return text.toString();
    }
  }

  /**
   * {@return the file that {@code log} wrote}
   *
   * @throws IOException if it cannot be written or read
   */
  public static String whatWasCalled() throws IOException {
    Path file = Files.createTempFile("calls", ".trace.gz");
    try (AllocatorStack stack = AllocatorStack.open("log(file='" + file + "', jna)")) {
      Allocator allocator = stack.allocator();
      long first = allocator.malloc(64);
      long second = allocator.malloc(4096);
      allocator.free(first);
      allocator.free(second);
    }
    byte[] gzip = Files.readAllBytes(file);
    Files.delete(file);
    try (var in = new GZIPInputStream(new ByteArrayInputStream(gzip))) {
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
    }
  }
}
