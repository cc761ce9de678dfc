package org.jallocator.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.sun.jna.Memory;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.ThrowingConsumer;

/** Every access to a block's memory while it is open, and after it is closed. */
final class AllocatorMemoryAccessTest {

  private final RealMemory real = RealMemory.shared();

  @AfterEach
  void everythingIsFreed() {
    real.close();
  }

  private record Access(String name, ThrowingConsumer<Memory> body) {}

  /** Every method of Memory and Pointer that reaches native memory, or is about to. */
  private static List<Access> accesses() {
    List<Access> all = new ArrayList<>();
    all.add(new Access("getByte", m -> m.getByte(0)));
    all.add(new Access("getShort", m -> m.getShort(0)));
    all.add(new Access("getChar", m -> m.getChar(0)));
    all.add(new Access("getInt", m -> m.getInt(0)));
    all.add(new Access("getLong", m -> m.getLong(0)));
    all.add(new Access("getNativeLong", m -> m.getNativeLong(0)));
    all.add(new Access("getFloat", m -> m.getFloat(0)));
    all.add(new Access("getDouble", m -> m.getDouble(0)));
    all.add(new Access("getPointer", m -> m.getPointer(0)));
    all.add(new Access("getString", m -> m.getString(0)));
    all.add(new Access("getString in an encoding", m -> m.getString(0, "UTF-8")));
    all.add(new Access("getWideString", m -> m.getWideString(0)));
    all.add(new Access("getByteArray", m -> m.getByteArray(0, 1)));
    all.add(new Access("getShortArray", m -> m.getShortArray(0, 1)));
    all.add(new Access("getCharArray", m -> m.getCharArray(0, 1)));
    all.add(new Access("getIntArray", m -> m.getIntArray(0, 1)));
    all.add(new Access("getLongArray", m -> m.getLongArray(0, 1)));
    all.add(new Access("getFloatArray", m -> m.getFloatArray(0, 1)));
    all.add(new Access("getDoubleArray", m -> m.getDoubleArray(0, 1)));
    all.add(new Access("getPointerArray", m -> m.getPointerArray(0)));
    all.add(new Access("getPointerArray of a length", m -> m.getPointerArray(0, 1)));
    all.add(new Access("getStringArray", m -> m.getStringArray(0)));
    all.add(new Access("getWideStringArray", m -> m.getWideStringArray(0)));
    all.add(new Access("getByteBuffer", m -> m.getByteBuffer(0, 1)));
    all.add(new Access("indexOf", m -> m.indexOf(0, (byte) 0)));
    all.add(new Access("dump", Memory::dump));
    all.add(new Access("share", m -> m.share(0)));
    all.add(new Access("share of a length", m -> m.share(0, 1)));
    all.add(new Access("align", m -> m.align(8)));
    all.add(new Access("clear", Memory::clear));
    all.add(new Access("clear of a length", m -> m.clear(1)));
    all.add(new Access("setMemory", m -> m.setMemory(0, 1, (byte) 1)));
    all.add(new Access("setByte", m -> m.setByte(0, (byte) 1)));
    all.add(new Access("setShort", m -> m.setShort(0, (short) 1)));
    all.add(new Access("setChar", m -> m.setChar(0, 'x')));
    all.add(new Access("setInt", m -> m.setInt(0, 1)));
    all.add(new Access("setLong", m -> m.setLong(0, 1)));
    all.add(new Access("setNativeLong", m -> m.setNativeLong(0, new NativeLong(1))));
    all.add(new Access("setFloat", m -> m.setFloat(0, 1)));
    all.add(new Access("setDouble", m -> m.setDouble(0, 1)));
    all.add(new Access("setPointer", m -> m.setPointer(0, null)));
    all.add(new Access("setString", m -> m.setString(0, "x")));
    all.add(new Access("setWideString", m -> m.setWideString(0, "x")));
    all.add(new Access("read bytes", m -> m.read(0, new byte[1], 0, 1)));
    all.add(new Access("read pointers", m -> m.read(0, new Pointer[1], 0, 1)));
    all.add(new Access("write bytes", m -> m.write(0, new byte[1], 0, 1)));
    all.add(new Access("write shorts", m -> m.write(0, new short[1], 0, 1)));
    all.add(new Access("write chars", m -> m.write(0, new char[1], 0, 1)));
    all.add(new Access("write ints", m -> m.write(0, new int[1], 0, 1)));
    all.add(new Access("write longs", m -> m.write(0, new long[1], 0, 1)));
    all.add(new Access("write floats", m -> m.write(0, new float[1], 0, 1)));
    all.add(new Access("write doubles", m -> m.write(0, new double[1], 0, 1)));
    all.add(new Access("write pointers", m -> m.write(0, new Pointer[1], 0, 1)));
    return all;
  }

  @TestFactory
  Stream<DynamicTest> whileOpenEveryAccessServes() {
    return eachAccess(
        access -> {
          try (var memory = AllocatorMemory.zeroed(real, 64)) {
            access.body().accept(memory);
            access.body().accept((Memory) memory.share(8, 40));
          }
        });
  }

  @TestFactory
  Stream<DynamicTest> afterClosingEveryAccessIsAnIllegalState() {
    return eachAccess(
        access -> {
          var memory = AllocatorMemory.malloc(real, 64);
          memory.close();
          var e = assertThrows(IllegalStateException.class, () -> access.body().accept(memory));
          assertEquals("memory is closed: size=64", e.getMessage());
        });
  }

  @TestFactory
  Stream<DynamicTest> afterClosingEveryAccessThroughAViewIsAnIllegalState() {
    return eachAccess(
        access -> {
          var memory = AllocatorMemory.malloc(real, 64);
          Memory view = (Memory) memory.share(8, 40);
          Memory viewOfView = (Memory) view.share(8, 16);
          memory.close();
          assertThrows(IllegalStateException.class, () -> access.body().accept(view));
          assertThrows(IllegalStateException.class, () -> access.body().accept(viewOfView));
        });
  }

  @TestFactory
  Stream<DynamicTest> afterClosingAViewThatViewAloneIsClosed() {
    return eachAccess(
        access -> {
          try (var memory = AllocatorMemory.zeroed(real, 64)) {
            Memory view = (Memory) memory.share(8, 40);
            view.close();
            assertThrows(IllegalStateException.class, () -> access.body().accept(view));
            access.body().accept(memory);
          }
        });
  }

  private static Stream<DynamicTest> eachAccess(ThrowingConsumer<Access> test) {
    return accesses().stream()
        .map(access -> DynamicTest.dynamicTest(access.name(), () -> test.accept(access)));
  }
}
