package org.jallocator.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Callback;
import com.sun.jna.DefaultTypeMapper;
import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.Structure.FieldOrder;
import com.sun.jna.ToNativeContext;
import com.sun.jna.ToNativeConverter;
import com.sun.jna.WString;
import com.sun.jna.win32.W32APITypeMapper;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Calls functions of C that take strings, over memory that is watched. */
final class StringArgumentsTest {

  /** Some of the C library. */
  public interface C extends Library {
    /** A comparison, as bsearch takes it. */
    interface Comparison extends Callback {
      int compare(Pointer a, Pointer b);
    }

    /** A structure with a string of its own, which must live as long as the structure. */
    @FieldOrder({"text", "number"})
    final class Named extends Structure {
      public @Nullable String text;
      public int number;
    }

    long strlen(@Nullable String text);

    long strlen(Pointer text);

    int strcmp(String a, @Nullable Object b);

    @Nullable Pointer memchr(@Nullable String text, int c, long size);

    String strchr(String text, int c);

    int chdir(String path) throws LastErrorException;

    int snprintf(byte[] buffer, long size, String format, Object... arguments);

    long wcslen(WString text);

    @Nullable Pointer bsearch(
        String key, String base, long count, long size, Comparison comparison);

    void qsort(Named base, long count, long size, Comparison comparison);

    int nosuchfunction(String text);

    int abs(int number);
  }

  private final List<String> calls = new ArrayList<>();
  private Runnable trouble = () -> {};
  private final WatchedAllocator allocator =
      new WatchedAllocator(
          (call, size) -> {
            calls.add(call + " " + size);
            trouble.run();
          });

  @AfterEach
  void nothingIsLeft() {
    assertEquals(0, allocator.liveBlocks());
    allocator.close();
  }

  private C load(Charset charset) {
    return load(StringArguments.of(allocator, charset).options());
  }

  private static C load(Map<String, Object> options) {
    return Native.load(Platform.C_LIBRARY_NAME, C.class, options);
  }

  @Test
  void aStringIsPassedInOneBlockForTheTimeOfTheCall() {
    assertEquals(5, load(StandardCharsets.UTF_8).strlen("hello"));
    assertEquals(List.of("malloc 6", "free 0"), calls);
  }

  @Test
  void theEncodingIsTheOneChosen() {
    assertEquals(6, load(StandardCharsets.UTF_8).strlen("h\u00e9llo"));
    assertEquals(5, load(StandardCharsets.ISO_8859_1).strlen("h\u00e9llo"));
  }

  @Test
  void aStringThatCReturnsIsReadInTheSameEncodingAndBeforeItGoes() {
    for (var charset : List.of(StandardCharsets.UTF_8, StandardCharsets.ISO_8859_1)) {
      assertEquals("=\u00e9llo", load(charset).strchr("h=\u00e9llo", '='));
    }
  }

  @Test
  void nullIsPassedAsNull() {
    assertNull(load(StandardCharsets.UTF_8).memchr(null, 'x', 0));
    assertEquals(List.of(), calls);
  }

  @Test
  void aWideStringIsPassedInThePlatformsUnits() {
    assertEquals(5, load(StandardCharsets.UTF_8).wcslen(new WString("h\u00e9llo")));
    assertEquals(List.of("malloc " + 6 * Native.WCHAR_SIZE, "free 0"), calls);
  }

  @Test
  void variableArgumentsAreStringsToo() {
    byte[] buffer = new byte[64];
    int length =
        load(StandardCharsets.UTF_8).snprintf(buffer, 64, "%s is %d, %s", "this", 42, "h\u00e9");
    assertEquals("this is 42, h\u00e9", new String(buffer, 0, length, StandardCharsets.UTF_8));
    assertEquals(6, calls.size(), calls::toString);
  }

  @Test
  void callsWithoutStringsTakeNothing() {
    assertEquals(7, load(StandardCharsets.UTF_8).abs(-7));
    assertEquals(List.of(), calls);
  }

  @Test
  void aCallThatThrowsGivesItsBlocksBack() {
    C c = load(StandardCharsets.UTF_8);
    for (int i = 0; i < 10; i++) {
      assertThrows(LastErrorException.class, () -> c.chdir("/no/such/directory"));
      assertEquals(0, allocator.liveBlocks());
    }
  }

  @Test
  void anArgumentThatCannotBePassedGivesThoseBeforeItBack() {
    C c = load(StandardCharsets.UTF_8);
    assertThrows(IllegalArgumentException.class, () -> c.strcmp("one", new Object()));
    assertEquals(List.of("malloc 4", "free 0"), calls);
    var e = assertThrows(IllegalArgumentException.class, () -> c.strcmp("one", "t\0o"));
    assertEquals("text has a NUL: index=1", e.getMessage());
    assertEquals(0, allocator.liveBlocks());
  }

  @Test
  void whereThereIsNoMemoryForTheSecondStringTheFirstGoesBack() {
    C c = load(StandardCharsets.UTF_8);
    trouble =
        () -> {
          if (calls.size() == 2) {
            throw new OutOfMemoryError("planted");
          }
        };
    assertThrows(OutOfMemoryError.class, () -> c.strcmp("one", "second"));
    assertEquals(List.of("malloc 4", "malloc 7", "free 0"), calls);
  }

  @Test
  void callsNestByWayOfCallbacks() {
    C c = load(StandardCharsets.UTF_8);
    List<Long> live = new ArrayList<>();
    C.Comparison comparison =
        (a, b) -> {
          live.add(allocator.liveBlocks());
          assertEquals(6, c.strlen("nested"));
          assertThrows(LastErrorException.class, () -> c.chdir("/no/such/directory"));
          return a.getByte(0) - b.getByte(0);
        };
    assertTrue(c.bsearch("d", "abcdefg", 7, 1, comparison) != null);
    assertEquals(List.of(2L), live, "both strings live, and those of nested calls gone");
  }

  @Test
  void afterAFreeThatFailsTheOthersGoBackAndItIsThrown() {
    var planted = new IllegalStateException("planted");
    theSecondFreeFollowsOneThatFails(
        planted,
        () -> {
          throw planted;
        });
  }

  @Test
  void afterAFreeThatOverflowsTheOthersGoBackAndItIsThrown() {
    var planted = new StackOverflowError("planted");
    theSecondFreeFollowsOneThatFails(
        planted,
        () -> {
          throw planted;
        });
  }

  private void theSecondFreeFollowsOneThatFails(Throwable planted, Runnable failure) {
    C c = load(StandardCharsets.UTF_8);
    trouble =
        () -> {
          if (calls.size() == 3) {
            failure.run();
          }
        };
    assertEquals(planted, assertThrows(Throwable.class, () -> c.strcmp("one", "second")));
    assertEquals(List.of("malloc 4", "malloc 7", "free 0", "free 0"), calls);
    assertEquals(1, allocator.liveBlocks());
    allocator.forgetOne();
  }

  @Test
  void aClosedAllocatorStopsTheCall() {
    C c = load(StandardCharsets.UTF_8);
    allocator.close();
    assertThrows(IllegalStateException.class, () -> c.strlen("hello"));
  }

  @Test
  void theStringsOfStructuresStayJnas() {
    C c = load(StandardCharsets.UTF_8);
    var named = new C.Named();
    named.text = "of the structure";
    named.number = 7;
    c.qsort(named, 1, named.size(), (a, b) -> 0);
    assertEquals("of the structure", named.text);
    assertEquals(16, c.strlen(named.getPointer().getPointer(0)));
    assertEquals(List.of(), calls);
  }

  @Test
  void aFunctionThatTheLibraryLacksIsToldAsJnaTellsIt() {
    C c = load(StandardCharsets.UTF_8);
    var e = assertThrows(UnsatisfiedLinkError.class, () -> c.nosuchfunction("text"));
    assertTrue(String.valueOf(e.getMessage()).contains("nosuchfunction"), e::toString);
    assertEquals(List.of(), calls);
  }

  @Test
  void otherOptionsArePassedOn() {
    Map<String, Object> options =
        StringArguments.of(allocator, StandardCharsets.UTF_8)
            .options(
                Map.of(
                    Library.OPTION_FUNCTION_MAPPER,
                    (com.sun.jna.FunctionMapper)
                        (library, method) ->
                            method.getName().equals("nosuchfunction") ? "atoi" : method.getName()));
    assertEquals(42, load(options).nosuchfunction("42"));
  }

  @Test
  void anOptionThatIsTakenIsRefused() {
    var strings = StringArguments.of(allocator, StandardCharsets.UTF_8);
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> strings.options(Map.of(Library.OPTION_STRING_ENCODING, "UTF-16")));
    assertEquals("option is set by StringArguments: name=string-encoding", e.getMessage());
  }

  /** Adds to every String, as a mapper of a user's may. */
  private static final class Adding extends DefaultTypeMapper {
    Adding() {
      addToNativeConverter(
          String.class,
          new ToNativeConverter() {
            @Override
            public @Nullable Object toNative(@Nullable Object value, ToNativeContext context) {
              return value == null ? null : value + "+mapped";
            }

            @Override
            public Class<?> nativeType() {
              return String.class;
            }
          });
    }
  }

  @Test
  void whatATypeMapperConvertsIsLeftToIt() {
    StringArguments strings = StringArguments.of(allocator, StandardCharsets.UTF_8);
    C c = load(strings.options(Map.of(Library.OPTION_TYPE_MAPPER, new Adding())));
    assertEquals("abc+mapped".length(), c.strlen("abc"));
    assertEquals(List.of(), calls);
    // A WString is none of that mapper's.
    assertEquals(3, c.wcslen(new WString("abc")));
    assertEquals(2, calls.size());
  }

  /** Functions on wchar_t, with text in that encoding. */
  public interface Wide extends Library {
    long wcslen(String text);

    @Nullable String wcschr(String text, int c);
  }

  @Test
  void aTypeMapperThatPassesWideTextIsLeftToIt() {
    StringArguments strings = StringArguments.of(allocator, StandardCharsets.UTF_8);
    Map<String, Object> options =
        strings.options(Map.of(Library.OPTION_TYPE_MAPPER, W32APITypeMapper.UNICODE));
    assertEquals(3, Native.load(Platform.C_LIBRARY_NAME, Wide.class, options).wcslen("abc"));
  }

  @Test
  void aTextOfWideCharactersThatCReturnsIsReadToItsEnd() {
    var options = StringArguments.of(allocator, NativeCopy.wide()).options();
    Wide wide = Native.load(Platform.C_LIBRARY_NAME, Wide.class, options);
    assertEquals("=\u00e9llo \u4e16", wide.wcschr("h=\u00e9llo \u4e16", '='));
    assertNull(wide.wcschr("abc", '='));
  }
}
