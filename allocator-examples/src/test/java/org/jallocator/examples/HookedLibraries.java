package org.jallocator.examples;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jallocator.jna.AllocatorCallbacks;
import org.jallocator.stack.AllocatorStack;

/**
 * A program for each library that takes an allocator: it hands over the functions of the library's
 * own signature, computes something, gives all back, and prints the result. In a process of its
 * own, because most libraries take an allocator for the whole process, before their first use.
 */
final class HookedLibraries {

  private static final Map<String, Program> PROGRAMS =
      Map.of(
          "liblua5.4.so.0", HookedLibraries::lua,
          "libgmp.so.10", HookedLibraries::gmp,
          "libxml2.so.2", HookedLibraries::xml2,
          "libcurl.so.4", HookedLibraries::curl,
          "libpcre2-8.so.0", HookedLibraries::pcre2,
          "libcrypto.so.3", HookedLibraries::openssl);

  private HookedLibraries() {}

  private interface Program {
    String run(C library, AllocatorCallbacks callbacks);
  }

  /** The functions of a library. */
  private record C(NativeLibrary library) {

    long call(String function, Object... arguments) {
      return library.getFunction(function).invokeLong(arguments);
    }

    int callInt(String function, Object... arguments) {
      return library.getFunction(function).invokeInt(arguments);
    }

    String text(String function, Object... arguments) {
      return new Pointer(call(function, arguments)).getString(0);
    }
  }

  public static void main(String[] args) {
    List<Throwable> told = new ArrayList<>();
    try (var stack = AllocatorStack.open("fallback(sizeclass(shared=true, jna), jna)");
        var callbacks = AllocatorCallbacks.of(stack.allocator(), told::add)) {
      C library = new C(NativeLibrary.getInstance(args[0]));
      String result = Objects.requireNonNull(PROGRAMS.get(args[0])).run(library, callbacks);
      System.out.println("RESULT " + result);
      System.out.println("USED " + (stack.allocator().stats().peakReservedBytes() > 0));
      System.out.println("LIVE " + callbacks.liveBlocks());
      System.out.println("TOLD " + told);
    }
    System.out.println("CLOSED");
  }

  /** lua_Alloc: one function for all. */
  private static String lua(C lua, AllocatorCallbacks callbacks) {
    long state = lua.call("lua_newstate", callbacks.luaAllocFunction(), Pointer.NULL);
    lua.call("luaL_openlibs", state);
    String program =
        "local t = {} for i = 1, 2000 do t[i] = tostring(i) .. 'x' end"
            + " return #table.concat(t, ',')";
    require(lua.callInt("luaL_loadstring", state, program) == 0);
    require(lua.callInt("lua_pcallk", state, 0, 1, 0, 0L, Pointer.NULL) == 0);
    String result = lua.text("lua_tolstring", state, -1, Pointer.NULL);
    lua.call("lua_close", state);
    return result;
  }

  /** realloc and free with sizes. */
  private static String gmp(C gmp, AllocatorCallbacks callbacks) {
    gmp.call(
        "__gmp_set_memory_functions",
        callbacks.mallocFunction(),
        callbacks.sizedReallocFunction(),
        callbacks.sizedFreeFunction());
    try (Memory number = new Memory(16);
        Memory digits = new Memory(1000)) {
      gmp.call("__gmpz_init", number);
      gmp.call("__gmpz_ui_pow_ui", number, 3L, 1000L);
      gmp.call("__gmpz_get_str", digits, 10, number);
      gmp.call("__gmpz_clear", number);
      return digits.getString(0);
    }
  }

  /** C's four with strdup in place of calloc. */
  private static String xml2(C xml, AllocatorCallbacks callbacks) {
    require(
        xml.callInt(
                "xmlMemSetup",
                callbacks.freeFunction(),
                callbacks.mallocFunction(),
                callbacks.reallocFunction(),
                callbacks.strdupFunction())
            == 0);
    xml.call("xmlInitParser");
    String text = "<a><b>one</b><b>two</b></a>";
    long document = xml.call("xmlReadMemory", text, text.length(), "a.xml", Pointer.NULL, 0);
    long content = xml.call("xmlNodeGetContent", xml.call("xmlDocGetRootElement", document));
    String result = new Pointer(content).getString(0);
    Function.getFunction(callbacks.freeFunction()).invokeVoid(new Object[] {content});
    xml.call("xmlFreeDoc", document);
    xml.call("xmlCleanupParser");
    return result;
  }

  /** All five of C's. */
  private static String curl(C curl, AllocatorCallbacks callbacks) {
    require(
        curl.callInt(
                "curl_global_init_mem",
                0L,
                callbacks.mallocFunction(),
                callbacks.freeFunction(),
                callbacks.reallocFunction(),
                callbacks.strdupFunction(),
                callbacks.callocFunction())
            == 0);
    long url = curl.call("curl_url");
    require(curl.callInt("curl_url_set", url, 0, "https://user@some.host:81/path?q", 0) == 0);
    PointerByReference host = new PointerByReference();
    require(curl.callInt("curl_url_get", url, 5, host, 0) == 0);
    String result = host.getValue().getString(0);
    curl.call("curl_free", host.getValue());
    curl.call("curl_url_cleanup", url);
    long easy = curl.call("curl_easy_init");
    long escaped = curl.call("curl_easy_escape", easy, "a b&c", 0);
    result += " " + new Pointer(escaped).getString(0);
    curl.call("curl_free", escaped);
    curl.call("curl_easy_cleanup", easy);
    curl.call("curl_global_cleanup");
    return result;
  }

  /** The opaque argument last. */
  private static String pcre2(C pcre, AllocatorCallbacks callbacks) {
    long general =
        pcre.call(
            "pcre2_general_context_create_8",
            callbacks.mallocOpaqueFunction(),
            callbacks.freeOpaqueFunction(),
            Pointer.NULL);
    long compile = pcre.call("pcre2_compile_context_create_8", general);
    String pattern = "(\\d+)-(\\d+)";
    String subject = "from 12-3456 on";
    try (Memory error = new Memory(16)) {
      long code =
          pcre.call(
              "pcre2_compile_8",
              pattern,
              (long) pattern.length(),
              0,
              error,
              error.share(8),
              compile);
      long match = pcre.call("pcre2_match_data_create_from_pattern_8", code, general);
      int groups =
          pcre.callInt(
              "pcre2_match_8", code, subject, (long) subject.length(), 0L, 0, match, Pointer.NULL);
      Pointer offsets = new Pointer(pcre.call("pcre2_get_ovector_pointer_8", match));
      String result =
          groups + " " + subject.substring((int) offsets.getLong(32), (int) offsets.getLong(40));
      pcre.call("pcre2_match_data_free_8", match);
      pcre.call("pcre2_code_free_8", code);
      pcre.call("pcre2_compile_context_free_8", compile);
      pcre.call("pcre2_general_context_free_8", general);
      return result;
    }
  }

  /** With the file and the line of the call. */
  private static String openssl(C crypto, AllocatorCallbacks callbacks) {
    require(
        crypto.callInt(
                "CRYPTO_set_mem_functions",
                callbacks.tracedMallocFunction(),
                callbacks.tracedReallocFunction(),
                callbacks.tracedFreeFunction())
            == 1);
    PointerByReference number = new PointerByReference();
    require(crypto.callInt("BN_dec2bn", number, "123456789012345678901234567890") == 30);
    long context = crypto.call("BN_CTX_new");
    require(crypto.callInt("BN_sqr", number.getValue(), number.getValue(), context) == 1);
    long digits = crypto.call("BN_bn2dec", number.getValue());
    String result = new Pointer(digits).getString(0);
    crypto.call("CRYPTO_free", digits, "here", 1);
    crypto.call("BN_CTX_free", context);
    crypto.call("BN_free", number.getValue());
    crypto.call("OPENSSL_cleanup");
    return result;
  }

  private static void require(boolean holds) {
    if (!holds) {
      throw new IllegalStateException("the library answers with an error");
    }
  }
}
