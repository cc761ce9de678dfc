package org.jallocator.jna;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class NativeCopyTest {

  private static final String TEXT = "Grüße, κόσμε, 世界 \uD83D\uDE00";

  private final DefaultAllocator c = new DefaultAllocator();

  @AfterEach
  void close() {
    c.close();
  }

  private void free(Pointer pointer) {
    c.free(Pointer.nativeValue(pointer));
  }

  @Test
  void aStringIsReadBackByJna() {
    Pointer copy = NativeCopy.string(c, TEXT, StandardCharsets.UTF_8);
    assertEquals(TEXT, copy.getString(0, "UTF-8"));
    free(copy);
  }

  @ParameterizedTest
  @ValueSource(strings = {"US-ASCII", "ISO-8859-1", "UTF-8", "UTF-16LE", "UTF-32BE", "Shift_JIS"})
  void aStringEndsWithTheCharsetsOwnNul(String name) {
    Charset charset = Charset.forName(name);
    byte[] expected = (TEXT + "\0").getBytes(charset);
    Pointer copy = NativeCopy.string(c, TEXT, charset);
    assertArrayEquals(expected, copy.getByteArray(0, expected.length));
    free(copy);
  }

  @Test
  void aWideStringHasOneUnitForEachCodePointWherePlatformsDo() {
    Pointer copy = NativeCopy.wideString(c, "a\u00fc\uD83D\uDE00");
    if (Native.WCHAR_SIZE == 4) {
      assertArrayEquals(new int[] {'a', 0xfc, 0x1F600, 0}, copy.getIntArray(0, 4));
    } else {
      assertEquals("a\u00fc\uD83D\uDE00", copy.getWideString(0));
    }
    free(copy);
  }

  @Test
  void anEmptyStringIsATerminator() {
    Pointer copy = NativeCopy.string(c, "", StandardCharsets.UTF_8);
    assertEquals(0, copy.getByte(0));
    free(copy);
  }

  @Test
  void textWithANulIsRefusedAndTakesNoMemory() {
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> NativeCopy.string(c, "ab\0c", StandardCharsets.UTF_8));
    assertEquals("text has a NUL: index=2", e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> NativeCopy.wideString(c, "\0"));
  }

  @Test
  void bytesAreCopiedAndNoBytesAreABlockToo() {
    byte[] bytes = {1, 2, 3, -1};
    Pointer copy = NativeCopy.bytes(c, bytes);
    assertArrayEquals(bytes, copy.getByteArray(0, 4));
    free(copy);
    Pointer none = NativeCopy.bytes(c, new byte[0]);
    assertNotEquals(0, Pointer.nativeValue(none));
    free(none);
  }
}
