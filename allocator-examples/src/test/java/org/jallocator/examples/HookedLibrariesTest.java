package org.jallocator.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Real libraries with all their memory from a stack, by the signature that each takes. */
final class HookedLibrariesTest {

  static List<Arguments> libraries() {
    int commas = 1999;
    int letters = IntStream.rangeClosed(1, 2000).map(i -> String.valueOf(i).length() + 1).sum();
    BigInteger square = new BigInteger("123456789012345678901234567890").pow(2);
    return List.of(
        Arguments.of("liblua5.4.so.0", "liblua5.4-0", String.valueOf(letters + commas)),
        Arguments.of("libgmp.so.10", "libgmp10", BigInteger.valueOf(3).pow(1000).toString()),
        Arguments.of("libxml2.so.2", "libxml2", "onetwo"),
        Arguments.of("libcurl.so.4", "libcurl4", "some.host a%20b%26c"),
        Arguments.of("libpcre2-8.so.0", "libpcre2-8-0", "3 3456"),
        Arguments.of("libcrypto.so.3", "libssl3", square.toString()));
  }

  @ParameterizedTest
  @MethodSource("libraries")
  void theResultIsRightAndEverythingIsGivenBack(
      String library, String debianPackage, String result, @TempDir Path directory)
      throws Exception {
    Installed.assumeLibrary(library, debianPackage);
    ForkedJvm jvm = ForkedJvm.run(HookedLibraries.class, Map.of(), directory, library);
    List<String> expected =
        Stream.of("RESULT " + result, "USED true", "LIVE 0", "TOLD []", "CLOSED").toList();
    assertEquals(0, jvm.exit(), jvm::output);
    List<String> lines = jvm.output().lines().toList();
    for (String line : expected) {
      assertTrue(lines.contains(line), () -> line + " is missing in\n" + jvm.output());
    }
  }
}
