package org.jallocator.testkit;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jallocator.Allocator;
import org.jallocator.Arena;
import org.jallocator.OwningAllocator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.function.Executable;

/**
 * What the rules of the contract stand on: the hooks of an author, and a fresh subject per test.
 */
@TestInstance(Lifecycle.PER_CLASS)
abstract class ContractFixture {

  private final List<AutoCloseable> below = new ArrayList<>();
  private @Nullable Subject subject;
  private @Nullable EnumSet<Trait> traits;

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
   * together with {@link #verify} if memory is real.
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

  /** {@return what the allocator under test is, found out from the first that is made} */
  final EnumSet<Trait> traits() {
    if (traits == null) {
      Subject first = open(AddressRange.CROSSING, "");
      EnumSet<Trait> found = EnumSet.allOf(Trait.class);
      found.removeIf(trait -> !trait.isOf(first));
      first.abandon();
      traits = found;
    }
    return traits;
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

  /** {@return the allocator of this test, as one that recognises its memory} */
  final OwningAllocator owning() {
    return (OwningAllocator) allocator();
  }

  /** {@return the allocator of this test, as an arena} */
  final Arena arena() {
    return (Arena) allocator();
  }

  /** {@return the ledger of this test's inner} */
  final RecordingAllocator ledger() {
    return ledgerOf(subject());
  }

  /** {@return the ledger of a subject's inner} */
  static RecordingAllocator ledgerOf(Subject subject) {
    return Objects.requireNonNull(subject.ledger(), "no recording inner");
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
    Stack stack = openOn(real == null ? recording : real);
    return new Subject(this, stack, real == null ? recording : null, label);
  }

  /** A new allocator under test, and what is below it. */
  record Stack(Allocator root, LayersBelow below) {}

  /** {@return a new allocator under test, on a given inner} */
  final Stack openOn(Allocator inner) {
    below.clear();
    Allocator root = create(inner);
    below.add(inner);
    return new Stack(root, new LayersBelow(List.copyOf(below)));
  }

  /** Runs on a thread of another name, to its end, and returns what it threw. */
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
