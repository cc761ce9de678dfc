package org.jallocator.jna;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Callback;
import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.Structure.FieldOrder;
import com.sun.jna.Union;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Structures that a scope makes. */
final class NativeScopeStructTest {

  private static final Function QSORT =
      NativeLibrary.getInstance(Platform.C_LIBRARY_NAME).getFunction("qsort");

  private final RealMemory real = RealMemory.confined();

  @AfterEach
  void everythingIsFreed() {
    real.close();
  }

  /** A union. */
  public static final class Cell extends Union {
    /** A field. */
    public int i;

    /** A field. */
    public double d;
  }

  /** A nested structure without a constructor that takes a pointer. */
  @FieldOrder({"a", "b"})
  public static class Inner extends Structure {
    /** A field. */
    public byte a;

    /** A field. */
    public int b;

    /** By reference. */
    public static final class ByRef extends Inner implements Structure.ByReference {}

    /** By value. */
    public static final class ByVal extends Inner implements Structure.ByValue {}
  }

  /** A structure with everything in it. */
  @SuppressWarnings("NullAway.Init") // JNA makes what is null
  @FieldOrder({"id", "inner", "byValue", "byReference", "number", "items", "name"})
  public static final class Outer extends Structure {
    /** A field. */
    public int id;

    /** A nested one. */
    public Inner inner;

    /** A nested one by value. */
    public Inner.ByVal byValue;

    /** A pointer to one. */
    public Inner.ByRef byReference;

    /** A union. */
    public Cell number;

    /** An array. */
    public int[] items = new int[3];

    /** A string. */
    public Pointer name;

    /** For JNA. */
    public Outer() {}

    /** Lies on memory that is given. */
    public Outer(Pointer memory) {
      super(memory);
    }
  }

  @Test
  void aStructureWithEverythingInItIsOnTheScopesMemory() {
    Outer outer;
    try (var scope = NativeScope.open(real)) {
      outer = scope.struct(Outer.class);
      assertEquals(new Outer().size(), outer.size());
      outer.read();
      assertEquals(0, outer.id);
      outer.id = 1;
      outer.inner.b = 2;
      outer.byValue.b = 3;
      outer.byReference = scope.struct(Inner.ByRef.class);
      outer.byReference.b = 4;
      outer.number.setType(double.class);
      outer.number.d = 5;
      outer.items[2] = 6;
      outer.name = scope.string("seven");
      outer.write();
      Outer again = Structure.newInstance(Outer.class, outer.getPointer());
      again.number.setType(double.class);
      again.read();
      assertEquals(2, again.inner.b);
      assertEquals(3, again.byValue.b);
      assertEquals(4, again.byReference.b);
      assertEquals(5, again.number.d);
      assertArrayEquals(new int[] {0, 0, 6}, again.items);
      assertEquals("seven", again.name.getString(0));
    }
    assertThrows(IllegalStateException.class, outer::write);
    assertThrows(IllegalStateException.class, outer::read);
    assertThrows(IllegalStateException.class, outer::clear);
  }

  @Test
  void structuresLieOneBehindTheOther() {
    try (var scope = NativeScope.open(real)) {
      for (Class<? extends Structure> type : List.of(Outer.class, Inner.class)) {
        Structure[] all = scope.structs(type, 5);
        assertEquals(5, all.length);
        for (int i = 0; i < 5; i++) {
          assertEquals(
              Pointer.nativeValue(all[0].getPointer()) + (long) i * all[0].size(),
              Pointer.nativeValue(all[i].getPointer()));
        }
        assertEquals(5, all[0].toArray(5).length);
        assertThrows(IndexOutOfBoundsException.class, () -> all[0].toArray(6));
      }
      assertEquals(0, scope.structs(Inner.class, 0).length);
      assertThrows(IllegalArgumentException.class, () -> scope.structs(Inner.class, -1));
    }
  }

  @Test
  void structuresAreZeroAndDistinct() {
    try (var scope = NativeScope.open(real)) {
      Inner a = scope.struct(Inner.class);
      Inner b = scope.struct(Inner.class);
      assertNotSame(a, b);
      assertNotEquals(a.getPointer(), b.getPointer());
      a.b = 9;
      a.write();
      b.read();
      assertEquals(0, b.b);
      assertEquals(0, scope.struct(Inner.ByVal.class).b);
    }
  }

  /** How often JNA took memory for a structure. */
  private static final AtomicInteger TAKEN = new AtomicInteger();

  /** Counts what JNA takes for it; lies on memory that is given. */
  @FieldOrder({"key", "value"})
  public static class Entry extends Structure {
    /** A field. */
    public int key;

    /** A field. */
    public long value;

    /** For JNA. */
    public Entry() {}

    /** Lies on memory that is given. */
    public Entry(Pointer memory) {
      super(memory);
    }

    @Override
    protected Memory autoAllocate(int size) {
      TAKEN.incrementAndGet();
      return super.autoAllocate(size);
    }

    /** Without a constructor that takes a pointer. */
    public static final class Plain extends Entry {}
  }

  /** Entries within. */
  @SuppressWarnings("NullAway.Init") // JNA makes what is null
  @FieldOrder({"first", "more"})
  public static final class Pair extends Structure {
    /** A nested one. */
    public Entry first;

    /** Nested ones. */
    public Entry[] more = new Entry[2];

    /** Lies on memory that is given. */
    public Pair(Pointer memory) {
      super(memory);
    }
  }

  @Test
  void forStructuresThatTakeAPointerJnaTakesNoMemory() {
    try (var scope = NativeScope.open(real)) {
      scope.structs(Entry.Plain.class, 3);
      assertNotEquals(0, TAKEN.getAndSet(0), "without such a constructor");
      scope.struct(Entry.class).write();
      scope.structs(Entry.class, 3)[2].toArray(1);
      Pair pair = scope.struct(Pair.class);
      pair.read();
      pair.more[1].key = 1;
      pair.write();
      assertEquals(0, TAKEN.get());
    }
  }

  @Test
  void nestedStructuresEndWithTheScope() {
    Pair pair;
    try (var scope = NativeScope.open(real)) {
      pair = scope.struct(Pair.class);
      pair.read();
      pair.more[1].write();
    }
    assertThrows(IllegalStateException.class, pair.first::write);
    assertThrows(IllegalStateException.class, pair.more[1]::read);
    assertThrows(IllegalStateException.class, () -> pair.first.writeField("key", 1));
    assertThrows(IllegalStateException.class, () -> pair.first.toArray(2));
  }

  /** What qsort compares entries by. */
  interface Comparison extends Callback {
    int compare(Entry a, Entry b);
  }

  @Test
  void cSortsStructuresInTheScopesMemory() {
    Random random = new Random(1);
    try (var scope = NativeScope.open(real)) {
      Entry[] entries = scope.structs(Entry.class, 100);
      for (Entry entry : entries) {
        entry.key = random.nextInt(1000);
        entry.value = -entry.key;
      }
      Comparison byKey = (a, b) -> Integer.compare(a.key, b.key);
      Object[] arguments = {entries, 100L, (long) entries[0].size(), byKey};
      QSORT.invokeVoid(arguments);
      for (int i = 1; i < entries.length; i++) {
        assertEquals(-entries[i].key, entries[i].value);
        assertTrue(entries[i - 1].key <= entries[i].key, "i=" + i);
      }
    }
  }

  @Test
  void aByValueIsNoArrayWhereJnaCopiesIt() {
    try (var scope = NativeScope.open(real)) {
      var e =
          assertThrows(IllegalArgumentException.class, () -> scope.structs(Inner.ByVal.class, 2));
      assertEquals(
          "structure by value has no public constructor that takes a Pointer: type="
              + Inner.ByVal.class.getName(),
          e.getMessage());
    }
  }
}
