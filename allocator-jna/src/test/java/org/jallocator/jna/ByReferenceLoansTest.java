package org.jallocator.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.ByReference;
import com.sun.jna.ptr.ByteByReference;
import com.sun.jna.ptr.DoubleByReference;
import com.sun.jna.ptr.FloatByReference;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.NativeLongByReference;
import com.sun.jna.ptr.PointerByReference;
import com.sun.jna.ptr.ShortByReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A by-reference that is lent is as if new, whatever its last user did with it. */
final class ByReferenceLoansTest {

  public static class Tagged extends IntByReference {
    public String note = "new";
  }

  public static class WithView extends ByReference {
    final Pointer second;

    public WithView() {
      super(16);
      second = getPointer().share(8);
    }
  }

  public static class WithBuffer extends ByReference {
    final ByteBuffer buffer;

    public WithBuffer() {
      super(16);
      buffer = getPointer().getByteBuffer(0, 16).order(ByteOrder.nativeOrder());
    }
  }

  public static class Preset extends IntByReference {
    final int preset = 5;

    public Preset() {
      super(5);
    }
  }

  private final RealMemory real = RealMemory.confined();

  @AfterEach
  void everythingIsFreed() {
    real.close();
  }

  @Test
  void fieldsOfItsOwnAreNew() {
    for (int i = 0; i < 100; i++) {
      try (NativeScope scope = NativeScope.open(real)) {
        Tagged tagged = scope.byReference(Tagged.class);
        assertEquals("new", tagged.note);
        tagged.note = "of somebody else";
        assertEquals(5, scope.byReference(Preset.class).getValue());
      }
    }
  }

  @Test
  void viewsAndBuffersThatItKeepsAreOfItsOwnMemory() {
    try (NativeScope scope = NativeScope.open(real)) {
      WithView view = scope.byReference(WithView.class);
      view.second.setLong(0, 0x1234);
      assertEquals(0x1234, view.getPointer().getLong(8));
      WithBuffer buffer = scope.byReference(WithBuffer.class);
      buffer.buffer.putLong(8, 0x5678);
      assertEquals(0x5678, buffer.getPointer().getLong(8));
    }
  }

  @Test
  void oneWithFieldsThrowsAfterItsScopeClosed() {
    Tagged kept;
    try (NativeScope scope = NativeScope.open(real)) {
      kept = scope.byReference(Tagged.class);
      kept.setValue(3);
      assertEquals(3, kept.getValue());
    }
    assertThrows(IllegalStateException.class, kept::getValue);
  }

  @Test
  void aViewOfAnEarlierLoanDoesNotComeToLifeAgain() {
    List<Pointer> views = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      try (NativeScope scope = NativeScope.open(real)) {
        LongByReference lent = scope.longByReference(7);
        for (Pointer view : views) {
          assertThrows(IllegalStateException.class, () -> view.getByte(0));
        }
        Pointer view = lent.getPointer().share(4, 4);
        view.setInt(0, 9);
        views.add(view);
        views.add(lent.getPointer().share(0));
      }
    }
  }

  @Test
  void toStringOfOneWhoseScopeClosedDoesNotThrow() {
    List<ByReference> kept = new ArrayList<>();
    try (NativeScope scope = NativeScope.open(real)) {
      for (Class<? extends ByReference> type :
          List.of(
              ByteByReference.class,
              ShortByReference.class,
              IntByReference.class,
              LongByReference.class,
              FloatByReference.class,
              DoubleByReference.class,
              NativeLongByReference.class,
              PointerByReference.class,
              Tagged.class,
              WithView.class)) {
        kept.add(scope.byReference(type));
      }
    }
    for (ByReference reference : kept) {
      assertTrue(!reference.toString().isEmpty());
    }
    assertEquals("int@0x0=0x0 (0)", kept.get(2).toString());
    assertThrows(IllegalStateException.class, ((IntByReference) kept.get(2))::getValue);
    assertThrows(IllegalStateException.class, () -> ((IntByReference) kept.get(2)).setValue(1));
  }

  @ParameterizedTest
  @ValueSource(ints = {1000, 1025, 5000})
  void anyNumberInAScopeIsLentAgainInTheNext(int count) {
    Set<ByReference> all = Collections.newSetFromMap(new IdentityHashMap<>());
    for (int round = 0; round < 12; round++) {
      all.addAll(lend(count));
    }
    assertTrue(all.size() <= 4 * count, () -> "made " + all.size() + " for " + count);
  }

  private Set<ByReference> lend(int count) {
    Set<ByReference> lent = Collections.newSetFromMap(new IdentityHashMap<>());
    try (NativeScope scope = NativeScope.open(real)) {
      for (int i = 0; i < count; i++) {
        ShortByReference reference = scope.shortByReference((short) i);
        lent.add(reference);
      }
      assertEquals(count, lent.size());
    }
    return lent;
  }

  @Test
  void oneThatWasLentIsNotLentTwice() {
    try (NativeScope scope = NativeScope.open(real)) {
      IntByReference a = scope.intByReference(1);
      Pointer view = a.getPointer().share(0);
      IntByReference b = scope.intByReference(2);
      assertNotSame(a, b);
      assertEquals(1, view.getInt(0));
    }
  }
}
