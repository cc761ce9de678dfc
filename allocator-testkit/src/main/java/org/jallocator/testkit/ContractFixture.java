package org.jallocator.testkit;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jallocator.Allocator;
import org.jallocator.Arena;
import org.jallocator.OwningAllocator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.function.Executable;

/** What the rows of the contract stand on: the hooks of an author, and a fresh subject per test. */
abstract class ContractFixture {

  private final List<AutoCloseable> below = new ArrayList<>();
  private @Nullable Subject subject;

  /** For {@link AllocatorContract}. */
  ContractFixture() {}

  /**
   * Makes the allocator under test, on the thread that runs the test. Called at least once a test.
   *
   * @param inner the allocator to get memory from, which the suite closes; a leaf ignores it
   * @return a new allocator, which the suite closes
   */
  protected abstract Allocator create(Allocator inner);

  /**
   * Hands over a layer that {@link #create} put below the allocator under test, for the suite to
   * close after that one. A layer does not close what it stands on, so all but the root are handed
   * over, an upper one before a lower one.
   *
   * @param layer a layer, or a whole stack
   * @param <T> its type
   * @return the layer
   */
  protected <T extends AutoCloseable> T below(T layer) {
    below.add(layer);
    return layer;
  }

  /** {@return where the allocator under test stands; the default is {@link LayerKind#LAYER}} */
  protected LayerKind kind() {
    return LayerKind.LAYER;
  }

  /**
   * Adjusts the invented inner, for an allocator that needs more of it than the default gives, such
   * as a certain alignment. The default changes nothing.
   *
   * @param inner the builder of the inner, its base address set
   * @return the builder
   */
  protected RecordingAllocator.Builder configureInner(RecordingAllocator.Builder inner) {
    return inner;
  }

  /**
   * Makes an inner on real memory in place of the invented one. The default is null: invented
   * memory.
   *
   * @return a new allocator, which the suite closes, or null
   */
  protected @Nullable Allocator createRealInner() {
    return null;
  }

  /**
   * Writes to every byte of a block. Does nothing by default, as invented memory needs; override it
   * together with {@link #verify} where memory is real.
   *
   * @param address the block's address
   * @param size its bytes
   * @param pattern what to write
   */
  protected void write(long address, long size, byte pattern) {}

  /**
   * {@return whether every byte of a block is still what {@link #write} wrote}
   *
   * @param address the block's address
   * @param size its bytes
   * @param pattern what was written
   */
  protected boolean verify(long address, long size, byte pattern) {
    return true;
  }

  @BeforeEach
  final void openSubject() {
    subject = open(AddressRange.CROSSING, "");
  }

  @AfterEach
  final void closeSubject() {
    subject().closeEmpty();
  }

  /** {@return the allocator of this test, with its model} */
  final Subject subject() {
    if (subject == null) {
      throw new IllegalStateException("no subject outside a test");
    }
    return subject;
  }

  final Allocator allocator() {
    return subject().allocator();
  }

  /**
   * {@return the allocator of this test, which must tell its own memory, or the test is skipped}
   */
  final OwningAllocator owning() {
    assumeTrue(
        allocator() instanceof OwningAllocator, "not an OwningAllocator: recognises no addresses");
    return (OwningAllocator) allocator();
  }

  /** {@return the allocator of this test, which must be an arena, or the test is skipped} */
  final Arena arena() {
    assumeTrue(allocator() instanceof Arena, "not an Arena");
    return (Arena) allocator();
  }

  /** {@return the ledger of this test's inner, which must be invented, or the test is skipped} */
  final RecordingAllocator ledger() {
    return ledgerOf(subject());
  }

  /** {@return the ledger of a subject's inner, which must be invented, or the test is skipped} */
  static RecordingAllocator ledgerOf(Subject subject) {
    RecordingAllocator ledger = subject.ledger();
    return ledger != null ? ledger : abort("no recording inner");
  }

  /**
   * {@return a new allocator under test, on an inner of its own}
   *
   * @param range where the inner's addresses lie
   * @param label what messages say about this run, such as its seed
   */
  final Subject open(AddressRange range, String label) {
    Allocator real = createRealInner();
    RecordingAllocator recording =
        configureInner(range.inner()).refusesWrongFrees(kind() == LayerKind.STACK).build();
    Allocator inner = real == null ? recording : real;
    below.clear();
    Allocator allocator = create(inner);
    below.add(inner);
    return new Subject(this, allocator, real == null ? recording : null, List.copyOf(below), label);
  }

  /** Runs on a thread of another name, to its end, and hands back what it threw. */
  static @Nullable Throwable thrownByAnotherThread(String name, Executable executable) {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                executable.execute();
              } catch (Throwable t) {
                thrown.set(t);
              }
            },
            name);
    thread.start();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      fail("interrupted while waiting for thread " + name, e);
    }
    return thrown.get();
  }

  /** Checks the shape of a message: rule, then name=value, lower case, no full stop. */
  static void assertShaped(Throwable error, String... parts) {
    String message = String.valueOf(error.getMessage());
    assertAll(
        () -> assertFalse(message.isBlank(), "no message: " + error),
        () -> assertTrue(Character.isLowerCase(message.charAt(0)), "upper case: " + message),
        () -> assertFalse(message.endsWith("."), "full stop: " + message),
        () -> {
          for (String part : parts) {
            assertTrue(message.contains(part), "no '" + part + "' in: " + message);
          }
        });
  }

  /** Checks that a message starts with the name of a layer, as names are in expressions. */
  static void assertNamesLayer(Throwable error) {
    String message = String.valueOf(error.getMessage());
    assertTrue(message.matches("[a-z][a-z0-9-]*: .+"), () -> "names no layer: " + message);
  }
}
