package org.jallocator.jna;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.NativeLong;
import com.sun.jna.Platform;
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
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import org.jallocator.InvalidFreeException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class NativeScopeTest {

  private static final String TEXT = "Grüße, κόσμε, 世界 \uD83D\uDE00";
  private static final Function STRLEN =
      NativeLibrary.getInstance(Platform.C_LIBRARY_NAME).getFunction("strlen");

  private final RealMemory real = RealMemory.confined();

  @AfterEach
  void everythingIsFreed() {
    real.close();
  }

  @Test
  void smallValuesShareOneBlockAndLargeOnesHaveTheirOwn() {
    try (var scope = NativeScope.open(real)) {
      assertEquals(0, real.mallocs());
      long a = scope.malloc(1);
      long b = scope.malloc(17);
      assertEquals(a + 16, b);
      assertEquals(b + 32, scope.malloc(1));
      assertEquals(1, real.liveBlocks());
      long large = scope.malloc(5000);
      assertEquals(5000, real.live().get(large));
      for (int i = 0; i < 1000; i++) {
        scope.memory(100).setMemory(0, 100, (byte) i);
      }
      assertTrue(real.liveBlocks() > 2);
    }
  }

  @Test
  void whatIsHandedOutDoesNotOverlapWhateverTheAllocatorServes() {
    for (long maxSize : new long[] {8, 10, 64, 100, 1000, 1 << 20}) {
      RealMemory small = RealMemory.upTo(maxSize);
      try (var scope = NativeScope.open(small)) {
        List<Memory> all = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
          Memory memory = scope.memory(1 + i % Math.min(maxSize, 700));
          memory.setMemory(0, memory.size(), (byte) i);
          all.add(memory);
        }
        for (int i = 0; i < all.size(); i++) {
          byte[] expected = new byte[(int) all.get(i).size()];
          Arrays.fill(expected, (byte) i);
          assertArrayEquals(
              expected, all.get(i).getByteArray(0, expected.length), "maxSize=" + maxSize);
        }
      }
      small.close();
    }
  }

  @Test
  void nestedScopesReuseTheChunkAndCloseInOrder() {
    try (var outer = NativeScope.open(real, 1024, 0)) {
      outer.malloc(16);
      long first;
      try (var inner = outer.nested()) {
        first = inner.malloc(64);
        inner.malloc(4000);
        assertEquals(
            "scope has a nested scope open",
            assertThrows(IllegalStateException.class, () -> outer.malloc(8)).getMessage());
        assertThrows(IllegalStateException.class, outer::nested);
      }
      assertEquals(1, real.liveBlocks());
      try (var inner = outer.nested()) {
        assertEquals(first, inner.malloc(64));
      }
      assertEquals(first, outer.malloc(64));
    }
  }

  @Test
  void theFirstChunkOfANestedScopeIsKept() {
    try (var outer = NativeScope.open(real)) {
      for (int i = 0; i < 10; i++) {
        try (var inner = outer.nested()) {
          inner.malloc(100);
        }
      }
      assertEquals(1, real.mallocs());
    }
  }

  @Test
  void closingAnOuterScopeClosesThoseNestedInIt() {
    var outer = NativeScope.open(real);
    var middle = outer.nested();
    var inner = middle.nested();
    Memory memory = inner.memory(8);
    IntByReference reference = inner.intByReference();
    middle.close();
    assertThrows(IllegalStateException.class, () -> inner.malloc(8));
    assertThrows(IllegalStateException.class, () -> memory.getInt(0));
    assertThrows(IllegalStateException.class, reference::getValue);
    var sibling = outer.nested();
    var siblingsChild = sibling.nested();
    inner.close();
    middle.close();
    siblingsChild.malloc(8);
    outer.close();
    assertThrows(IllegalStateException.class, () -> siblingsChild.malloc(8));
    assertEquals(
        "scope is closed",
        assertThrows(IllegalStateException.class, () -> outer.malloc(8)).getMessage());
    outer.close();
  }

  @Test
  void aBodyThatThrowsFreesAll() {
    assertThrows(
        ArithmeticException.class,
        () -> {
          try (var outer = NativeScope.open(real);
              var inner = outer.nested()) {
            inner.malloc(3000);
            throw new ArithmeticException();
          }
        });
    assertEquals(0, real.liveBlocks());
  }

  @Test
  void anotherThreadIsRefusedAndTheScopeStaysOpen() throws Exception {
    var pool = Executors.newSingleThreadExecutor();
    try (var scope = NativeScope.open(real)) {
      Memory memory = scope.zeroed(8);
      pool.submit(
              () -> {
                assertThrows(IllegalStateException.class, () -> scope.malloc(8));
                assertThrows(IllegalStateException.class, scope::close);
                memory.setInt(0, 5);
              })
          .get();
      assertEquals(5, memory.getInt(0));
    } finally {
      pool.shutdown();
    }
  }

  @Test
  void whereTheAllocatorRefusesABlockTheOthersGoBack() {
    var scope = NativeScope.open(real);
    scope.malloc(8);
    long stolen = scope.malloc(3000);
    scope.malloc(4000);
    real.free(stolen);
    assertThrows(InvalidFreeException.class, scope::close);
    scope.close();
  }

  @Test
  void wrongSizesAreRefused() {
    try (var scope = NativeScope.open(RealMemory.upTo(64))) {
      for (long size : new long[] {0, -1, -16, Long.MIN_VALUE, Long.MAX_VALUE, 65}) {
        assertThrows(IllegalArgumentException.class, () -> scope.malloc(size), "size=" + size);
      }
    }
    assertThrows(IllegalArgumentException.class, () -> NativeScope.open(real, 0));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"US-ASCII", "ISO-8859-1", "UTF-8", "UTF-16", "UTF-16LE", "UTF-32BE", "Shift_JIS"})
  void aStringIsReadBackInItsCharset(String name) {
    Charset charset = Charset.forName(name);
    String text = new String(TEXT.getBytes(charset), charset);
    try (var scope = NativeScope.open(real)) {
      assertEquals(text, NativeCopy.read(scope.string(text, charset), charset));
      assertEquals("", NativeCopy.read(scope.string("", charset), charset).replace("\uFEFF", ""));
    }
  }

  @Test
  void stringsAreWhatCExpects() {
    try (var scope = NativeScope.open(real)) {
      assertEquals(3, STRLEN.invokeInt(new Object[] {scope.string("abc")}));
      assertEquals(TEXT, NativeCopy.read(scope.wideString(TEXT), NativeCopy.wide()));
      assertEquals("世界", scope.wideString("世界").getWideString(0));
      Memory array = scope.strings(new String[] {"a", TEXT, null, "c"}, StandardCharsets.UTF_8);
      assertEquals(5L * Native.POINTER_SIZE, array.size());
      assertArrayEquals(new String[] {"a", TEXT, null, "c"}, array.getStringArray(0, 4, "UTF-8"));
      assertNull(array.getPointer(4L * Native.POINTER_SIZE));
      assertArrayEquals(new String[] {"x", "y"}, scope.strings("x", "y").getStringArray(0));
      assertArrayEquals(new String[] {"世界"}, scope.wideStrings("世界").getWideStringArray(0));
      assertArrayEquals(
          new Pointer[] {array, null, array},
          scope.pointers(array, null, array).getPointerArray(0, 3));
      assertThrows(IllegalArgumentException.class, () -> scope.string("a\0b"));
    }
  }

  @Test
  void arraysOfEveryPrimitiveGoAndComeBack() {
    try (var scope = NativeScope.open(real)) {
      assertArrayEquals(new byte[] {1, -1}, scope.bytes((byte) 1, (byte) -1).getByteArray(0, 2));
      assertArrayEquals(new byte[] {1, 0}, scope.booleans(true, false).getByteArray(0, 2));
      assertArrayEquals(new short[] {7}, scope.shorts((short) 7).getShortArray(0, 1));
      assertArrayEquals(new char[] {'a', 'ü'}, scope.chars('a', 'ü').getCharArray(0, 2));
      assertArrayEquals(new int[] {1, 2, 3}, scope.ints(1, 2, 3).getIntArray(0, 3));
      assertArrayEquals(new long[] {1L << 40}, scope.longs(1L << 40).getLongArray(0, 1));
      assertArrayEquals(new float[] {1.5f}, scope.floats(1.5f).getFloatArray(0, 1));
      assertArrayEquals(new double[] {2.5}, scope.doubles(2.5).getDoubleArray(0, 1));
      assertEquals(1, scope.ints().size());
    }
  }

  @Test
  void everyByReferenceIsOnTheScopesMemoryAndZeroUnlessToldOtherwise() {
    try (var scope = NativeScope.open(real)) {
      assertEquals(1, scope.byteByReference((byte) 1).getValue());
      assertEquals(2, scope.shortByReference((short) 2).getValue());
      assertEquals(3, scope.intByReference(3).getValue());
      assertEquals(4, scope.longByReference(4).getValue());
      assertEquals(5, scope.nativeLongByReference(new NativeLong(5)).getValue().longValue());
      assertEquals(6, scope.floatByReference(6).getValue());
      assertEquals(7, scope.doubleByReference(7).getValue());
      assertEquals(new Pointer(8), scope.pointerByReference(new Pointer(8)).getValue());
      assertEquals(0, scope.byReference(ByteByReference.class).getValue());
      assertEquals(0, scope.byReference(ShortByReference.class).getValue());
      assertEquals(0, scope.intByReference().getValue());
      assertEquals(0, scope.longByReference().getValue());
      assertEquals(0, scope.nativeLongByReference().getValue().longValue());
      assertEquals(0, scope.byReference(FloatByReference.class).getValue());
      assertEquals(0, scope.byReference(DoubleByReference.class).getValue());
      assertNull(scope.pointerByReference().getValue());
      assertNull(scope.byReference(PointerByReference.class).getValue());
      assertEquals(0, scope.byReference(LongByReference.class).getValue());
      assertEquals(0, scope.byReference(NativeLongByReference.class).getValue().longValue());
    }
  }

  @Test
  void aByReferenceThrowsAfterItsScopeAlsoWhenOthersHaveBeenLent() {
    List<ByReference> stale = new ArrayList<>();
    Pointer pointer;
    try (var scope = NativeScope.open(real)) {
      IntByReference reference = scope.intByReference(1);
      pointer = reference.getPointer();
      stale.add(reference);
    }
    try (var scope = NativeScope.open(real)) {
      scope.intByReference(2);
      IntByReference old = (IntByReference) stale.get(0);
      assertThrows(IllegalStateException.class, () -> old.setValue(3));
      assertThrows(IllegalStateException.class, old::getValue);
      assertThrows(IllegalStateException.class, () -> pointer.setInt(0, 3));
      var e =
          assertThrows(IllegalArgumentException.class, () -> STRLEN.invokeInt(new Object[] {old}));
      assertTrue(String.valueOf(e.getMessage()).contains("ReferenceOfClosedScope"), e.getMessage());
    }
  }

  /** Mapped directly: what it returns is its first argument. */
  static final class Direct {
    static {
      Native.register(Direct.class, Platform.C_LIBRARY_NAME);
    }

    private Direct() {}

    static native @Nullable Pointer memmove(IntByReference to, IntByReference from, long size);
  }

  @Test
  void directMappingPassesNullForAByReferenceOfAClosedScope() {
    IntByReference reference;
    try (var scope = NativeScope.open(real)) {
      reference = scope.intByReference();
      assertEquals(reference.getPointer(), Direct.memmove(reference, reference, 0));
    }
    assertNull(Direct.memmove(reference, reference, 0));
  }

  @Test
  void noByReferenceIsLentTwiceAtATime() {
    try (var outer = NativeScope.open(real)) {
      Set<IntByReference> seen = Collections.newSetFromMap(new IdentityHashMap<>());
      List<IntByReference> kept = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        kept.add(outer.intByReference(i));
      }
      seen.addAll(kept);
      for (int round = 0; round < 100; round++) {
        try (var inner = outer.nested()) {
          for (int i = 0; i < 10; i++) {
            assertTrue(!seen.contains(inner.intByReference(-1)), "round=" + round);
          }
        }
      }
      for (int i = 0; i < 100; i++) {
        assertEquals(i, kept.get(i).getValue());
      }
    }
  }

  /** A by-reference of a user's own. */
  public static final class PairByReference extends ByReference {
    private static int made;

    /** For JNA. */
    public PairByReference() {
      super(2 * Long.BYTES);
      made++;
    }
  }

  @Test
  void inSteadyStateNoByReferenceIsMade() {
    for (int i = 0; i < 3 * ReferenceRing.MIN_LENGTH; i++) {
      if (i == 2 * ReferenceRing.MIN_LENGTH) {
        PairByReference.made = 0;
      }
      try (var scope = NativeScope.open(real)) {
        Pointer pair = scope.byReference(PairByReference.class).getPointer();
        assertArrayEquals(new long[2], pair.getLongArray(0, 2));
        assertThrows(IndexOutOfBoundsException.class, () -> pair.getLong(2L * Long.BYTES));
      }
    }
    assertEquals(0, PairByReference.made);
  }

  @Test
  @SuppressWarnings("ReferenceEquality") // the very object is meant
  void pooledByReferencesAreLentAgainAfterTheRingWentRound() {
    IntByReference first;
    try (var scope = NativeScope.open(real)) {
      first = scope.intByReference();
    }
    int loans = 1;
    for (boolean again = false; !again && loans < 2 * ReferenceRing.MAX_KEPT_LENGTH; loans++) {
      try (var scope = NativeScope.open(real)) {
        again = scope.intByReference() == first;
      }
    }
    assertTrue(loans > ReferenceRing.MIN_LENGTH, "loans=" + loans);
    assertTrue(loans < 2 * ReferenceRing.MAX_KEPT_LENGTH, "loans=" + loans);
  }
}
