package org.jallocator.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jallocator.LeakException;
import org.junit.jupiter.api.Test;

/** Which stacks are listed as open, and what listeners are told. */
class OpenStacksTest {

  private final StackFixture fixture = new StackFixture();

  private static boolean isListed(AllocatorStack stack) {
    return AllocatorStack.openStacks().stream().anyMatch(open -> open == stack);
  }

  @Test
  void listsAStackWhileItIsOpenWithAndWithoutAName() {
    AllocatorStack unnamed = fixture.open("jna");
    AllocatorStack named = fixture.named("render");
    assertEquals(Optional.empty(), unnamed.name());
    assertEquals(Optional.of("render"), named.name());
    List<AllocatorStack> open = AllocatorStack.openStacks();
    assertTrue(open.indexOf(unnamed) >= 0 && open.indexOf(unnamed) < open.indexOf(named));
    unnamed.close();
    assertFalse(isListed(unnamed));
    assertTrue(isListed(named));
    named.closeAndRelease();
    assertFalse(isListed(named));
  }

  @Test
  void listsALeakingStackUntilItIsClosedAfterAll() {
    AllocatorStack stack = fixture.open("arena(jna)");
    stack.allocator().malloc(8);
    assertThrows(LeakException.class, stack::close);
    assertTrue(isListed(stack));
    assertThrows(LeakException.class, stack::closeAndRelease);
    assertFalse(isListed(stack));
  }

  @Test
  void doesNotKeepAStackThatIsGarbage() throws Exception {
    StackRegistry registry = new StackRegistry();
    WeakReference<AllocatorStack> forgotten = forgetOne(registry);
    for (int i = 0; i < 100 && forgotten.get() != null; i++) {
      System.gc();
      Thread.sleep(10);
    }
    assertSame(null, forgotten.get());
    assertEquals(List.of(), registry.list());
    try (AllocatorStack next = fixture.open("jna")) {
      registry.add(next);
      assertEquals(1, registry.size());
      assertEquals(List.of(next), registry.list());
    }
  }

  private static WeakReference<AllocatorStack> forgetOne(StackRegistry registry) {
    AllocatorStack stack = new StackFixture().open("jna");
    registry.add(stack);
    return new WeakReference<>(stack);
  }

  @Test
  void tellsListenersOfStacksThatOpenAndClose() {
    List<String> told = new ArrayList<>();
    StackListener listener =
        new StackListener() {
          @Override
          public void opened(AllocatorStack stack) {
            told.add("opened " + stack + " " + isListed(stack));
          }

          @Override
          public void closed(AllocatorStack stack) {
            told.add("closed " + stack + " " + isListed(stack));
          }
        };
    AllocatorStack.addListener(listener);
    try {
      AllocatorStack stack = fixture.open("arena(jna)");
      long address = stack.allocator().malloc(8);
      assertThrows(LeakException.class, stack::close);
      stack.allocator().free(address);
      stack.close();
      stack.close();
      assertEquals(List.of("opened arena(jna) true", "closed arena(jna) false"), told);
    } finally {
      AllocatorStack.removeListener(listener);
    }
    fixture.open("jna").close();
    assertEquals(2, told.size());
  }

  @Test
  void aListenerThatThrowsNeitherStopsTheStackNorTheOtherListeners() {
    List<String> told = new ArrayList<>();
    StackListener broken =
        new StackListener() {
          @Override
          public void opened(AllocatorStack stack) {
            throw new StackOverflowError("planted by a test");
          }

          @Override
          public void closed(AllocatorStack stack) {
            throw new IllegalStateException("planted by a test");
          }
        };
    StackListener other =
        new StackListener() {
          @Override
          public void opened(AllocatorStack stack) {
            told.add("opened");
          }

          @Override
          public void closed(AllocatorStack stack) {
            told.add("closed");
          }
        };
    AllocatorStack.addListener(broken);
    AllocatorStack.addListener(other);
    try {
      fixture.open("jna").close();
    } finally {
      AllocatorStack.removeListener(broken);
      AllocatorStack.removeListener(other);
    }
    assertEquals(List.of("opened", "closed"), told);
  }

  /** HotSpot throws one object again and again once the heap has no room for another. */
  private static final class SharedError extends OutOfMemoryError {

    private static final long serialVersionUID = 1L;

    @Override
    public String getMessage() {
      throw this; // so does what would log it
    }
  }

  @Test
  void aStackOpensWhereAListenerAndTheLogThrowOneObject() {
    SharedError shared = new SharedError();
    StackListener broken =
        new StackListener() {
          @Override
          public void opened(AllocatorStack stack) {
            throw shared;
          }
        };
    AllocatorStack.addListener(broken);
    try {
      fixture.open("jna").close();
    } finally {
      AllocatorStack.removeListener(broken);
    }
  }

  @Test
  void namesTheArgumentThatIsNullOrWrong() {
    ClassLoader loader = OpenStacksTest.class.getClassLoader();
    assertEquals("expression is null", message(() -> AllocatorStack.open(absent()).close()));
    assertEquals(
        "expression is null", message(() -> AllocatorStack.open(absent(), loader).close()));
    assertEquals("loader is null", message(() -> AllocatorStack.open("jna", absent()).close()));
    assertEquals("name is null", message(() -> AllocatorStack.named(absent()).close()));
    assertEquals(
        "expression is null", message(() -> AllocatorStack.named("render", absent()).close()));
    for (String name : List.of("", "Render", "r\u00fcckw\u00e4rts", "a.b", "x".repeat(20) + " ")) {
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class, () -> AllocatorStack.named(name, "jna").close());
      assertTrue(String.valueOf(e.getMessage()).endsWith(": name='" + name + "'"), e.toString());
    }
  }

  private static String message(Runnable action) {
    return String.valueOf(assertThrows(NullPointerException.class, action::run).getMessage());
  }

  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // a mistake made on purpose
  private static <T> T absent() {
    return null;
  }
}
