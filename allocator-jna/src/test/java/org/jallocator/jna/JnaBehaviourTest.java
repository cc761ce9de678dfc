package org.jallocator.jna;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Callback;
import com.sun.jna.Memory;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.Structure.FieldOrder;
import com.sun.jna.Union;
import com.sun.jna.WString;
import com.sun.jna.ptr.ByReference;
import com.sun.jna.ptr.ByteByReference;
import com.sun.jna.ptr.DoubleByReference;
import com.sun.jna.ptr.FloatByReference;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.NativeLongByReference;
import com.sun.jna.ptr.PointerByReference;
import com.sun.jna.ptr.ShortByReference;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What JNA's documentation says of structures, unions and by-references, on a scope's memory. */
final class JnaBehaviourTest {

  public interface Compare extends Callback {
    int compare(int a, int b);
  }

  @FieldOrder({"x", "y"})
  public static class Point extends Structure {
    public int x;
    public short y;

    public static class ByReference extends Point implements Structure.ByReference {}

    public static class ByValue extends Point implements Structure.ByValue {}
  }

  @FieldOrder({"number", "fraction", "bytes"})
  public static class Either extends Union {
    public int number;
    public float fraction;
    public byte[] bytes = new byte[8];
  }

  @FieldOrder({
    "flag", "letter", "number", "big", "real", "id", "text", "wide", "pointer", "inner", "points",
    "either", "next", "compare", "bytes"
  })
  public static class Everything extends Structure {
    public boolean flag;
    public char letter;
    public int number;
    public long big;
    public double real;
    public NativeLong id = new NativeLong(0);
    public @Nullable String text;
    public @Nullable WString wide;
    public @Nullable Pointer pointer;
    public Point inner = new Point();
    public Point[] points = new Point[3];
    public Either either = new Either();
    public Point.@Nullable ByReference next;
    public @Nullable Compare compare;
    public byte[] bytes = new byte[5];
  }

  @FieldOrder({"extra"})
  public static class Derived extends Point {
    public long extra;
  }

  private final RealMemory real = RealMemory.shared();
  private NativeScope scope = NativeScope.open(real);

  @BeforeEach
  void open() {
    scope.close();
    scope = NativeScope.open(real);
  }

  @AfterEach
  void close() {
    scope.close();
    real.close();
  }

  static List<Class<? extends Structure>> types() {
    return List.of(
        Point.class,
        Point.ByReference.class,
        Point.ByValue.class,
        Derived.class,
        Either.class,
        Everything.class);
  }

  @ParameterizedTest
  @MethodSource("types")
  void theSizeAndTheLayoutAreThoseOfPlainJna(Class<? extends Structure> type) {
    Structure plain = Structure.newInstance(type);
    Structure ours = scope.struct(type);
    assertEquals(plain.size(), ours.size());
    assertEquals(layout(plain), layout(ours));
  }

  /** {@return the text of a structure without what differs: where it is} */
  private static String layout(Structure structure) {
    return structure
        .toString()
        .replaceAll("\\((auto-)?(allocated|native)@[^)]*\\)+[^{]*", "")
        .replaceAll("0x[0-9a-f]+|@[0-9a-f]+|\\$[0-9a-f]{6,}", "");
  }

  @Test
  void everyKindOfFieldIsWrittenAndReadBack() {
    Everything made = scope.struct(Everything.class);
    made.read(); // fills the array of structures
    made.flag = true;
    made.letter = 'q';
    made.number = -7;
    made.big = 1L << 40;
    made.real = 0.5;
    made.id = new NativeLong(11);
    made.text = "text";
    made.wide = new WString("w\u00efde");
    made.pointer = scope.memory(8);
    made.inner.x = 3;
    made.points[2].y = 4;
    made.either.setType(float.class);
    made.either.fraction = 1.5f;
    made.next = scope.struct(Point.ByReference.class);
    made.next.x = 21;
    made.compare = (a, b) -> a - b;
    made.bytes[4] = 9;
    made.write();

    Everything read = Structure.newInstance(Everything.class);
    read.getPointer().write(0, made.getPointer().getByteArray(0, made.size()), 0, made.size());
    read.either.setType(float.class);
    read.read();
    assertTrue(read.flag);
    assertEquals('q', read.letter);
    assertEquals(-7, read.number);
    assertEquals(1L << 40, read.big);
    assertEquals(0.5, read.real);
    assertEquals(11, read.id.longValue());
    assertEquals("text", read.text);
    assertEquals(new WString("w\u00efde"), read.wide);
    assertEquals(made.pointer, read.pointer);
    assertEquals(3, read.inner.x);
    assertEquals(4, read.points[2].y);
    assertEquals(1.5f, read.either.fraction);
    assertNotNull(read.next);
    assertEquals(21, read.next.x);
    assertSame(made.compare, read.compare);
    assertArrayEquals(new byte[] {0, 0, 0, 0, 9}, read.bytes);
  }

  @Test
  void aNestedStructureLiesInTheMemoryOfTheOuterOne() {
    Everything made = scope.struct(Everything.class);
    made.read();
    long start = Pointer.nativeValue(made.getPointer());
    for (Structure nested : List.of(made.inner, made.points[0], made.points[2], made.either)) {
      long at = Pointer.nativeValue(nested.getPointer());
      assertTrue(at > start && at + nested.size() <= start + made.size());
    }
    made.inner.x = 5;
    made.inner.write();
    made.read();
    assertEquals(5, made.inner.x);
  }

  @Test
  void oneFieldIsWrittenAndReadByItsName() {
    Point point = scope.struct(Point.class);
    point.x = 5;
    point.y = 6;
    point.writeField("y");
    assertEquals(0, point.readField("x"));
    assertEquals((short) 6, point.readField("y"));
    point.writeField("x", 8);
    assertEquals(8, point.x);
    assertThrows(IllegalArgumentException.class, () -> point.readField("z"));
  }

  @Test
  void clearZeroesTheMemoryAndReadTheFields() {
    Point point = scope.struct(Point.class);
    point.x = 5;
    point.write();
    point.clear();
    assertEquals(5, point.x);
    point.read();
    assertEquals(0, point.x);
  }

  @Test
  void structuresAreEqualIfTheirClassAndAddressAre() {
    Point point = scope.struct(Point.class);
    Point same = Structure.newInstance(Point.class, point.getPointer());
    assertEquals(point, same);
    assertEquals(point.hashCode(), same.hashCode());
    assertNotEquals(point, scope.struct(Point.class));
    assertTrue(point.dataEquals(scope.struct(Point.class)));
  }

  @Test
  void theElementsOfAnArrayAreWrittenAndReadThroughTheFirst() {
    Point[] points = scope.structs(Point.class, 4);
    for (int i = 0; i < 4; i++) {
      points[i].x = i + 1;
    }
    points[0].autoWrite();
    for (int i = 0; i < 4; i++) {
      assertEquals(i + 1, points[i].getPointer().getInt(0));
      points[i].getPointer().setInt(0, 10 * i);
    }
    points[0].autoRead();
    for (int i = 0; i < 4; i++) {
      assertEquals(10 * i, points[i].x);
    }
  }

  @Test
  void aStructureOnMemoryOfOnesOwnUsesThatMemory() {
    Memory memory = scope.zeroed(64);
    Point point = Structure.newInstance(Point.class, memory.share(16));
    point.x = 77;
    point.write();
    assertEquals(77, memory.getInt(16));
    assertThrows(
        IllegalArgumentException.class,
        () -> Structure.newInstance(Everything.class, memory.share(16)));
  }

  @Test
  void aStructureIsOfNoUseAfterItsScopeClosedButHasAText() {
    Everything made = scope.struct(Everything.class);
    Point[] points = scope.structs(Point.class, 2);
    made.write();
    scope.close();
    assertThrows(IllegalStateException.class, made::write);
    assertThrows(IllegalStateException.class, made::read);
    assertThrows(IllegalStateException.class, made.inner::read);
    assertThrows(IllegalStateException.class, points[1]::write);
    assertTrue(made.toString().contains("number"));
  }

  @Test
  void aUnionHoldsTheLastThatWasSet() {
    Either either = scope.struct(Either.class);
    either.writeField("fraction", 1f);
    assertEquals(Float.floatToIntBits(1f), either.readField("number"));
    assertEquals(8, either.size());
  }

  static List<Class<? extends ByReference>> references() {
    return List.of(
        ByteByReference.class,
        ShortByReference.class,
        IntByReference.class,
        LongByReference.class,
        FloatByReference.class,
        DoubleByReference.class,
        NativeLongByReference.class,
        PointerByReference.class);
  }

  @ParameterizedTest
  @MethodSource("references")
  void aByReferenceHoldsItsValueAsPlainJnas(Class<? extends ByReference> type) throws Exception {
    ByReference plain = type.getConstructor().newInstance();
    ByReference ours = scope.byReference(type);
    assertSame(type, ours.getClass());
    assertEquals(valueOf(plain), valueOf(ours));
    var setter =
        List.of(type.getMethods()).stream()
            .filter(method -> method.getName().equals("setValue"))
            .findFirst()
            .orElseThrow();
    Object value =
        switch (type.getSimpleName()) {
          case "ByteByReference" -> (byte) -3;
          case "ShortByReference" -> (short) -30_000;
          case "IntByReference" -> -70_000;
          case "LongByReference" -> -1L << 40;
          case "FloatByReference" -> -1.5f;
          case "DoubleByReference" -> -1e300;
          case "NativeLongByReference" -> new NativeLong(-5);
          default -> scope.memory(8);
        };
    setter.invoke(plain, value);
    setter.invoke(ours, value);
    assertEquals(valueOf(plain), valueOf(ours));
    assertEquals(ours, ours);
    assertNotEquals(plain, ours);
    assertEquals(text(plain), text(ours));
  }

  private static @Nullable Object valueOf(ByReference reference) throws Exception {
    return reference.getClass().getMethod("getValue").invoke(reference);
  }

  private static String text(ByReference reference) {
    return reference.toString().replaceAll("@0x[0-9a-f]+|\\$[0-9a-f]{6,}", "");
  }

  @Test
  void aByReferenceMayBeGivenOtherMemory() {
    IntByReference reference = scope.intByReference(1);
    Memory other = scope.zeroed(8);
    reference.setPointer(other);
    reference.setValue(6);
    assertEquals(6, other.getInt(0));
    PointerByReference pointer = scope.pointerByReference(other);
    assertEquals(other, pointer.getValue());
    pointer.setValue(null);
    assertNull(pointer.getValue());
  }
}
