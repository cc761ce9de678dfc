package org.jallocator.bench;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may use whom, in the bench and between the modules. */
class RoomsTest {

  private static final String BENCH = "org.jallocator.bench";

  /** The rooms of the bench, storey by storey: each uses those below, none beside or above. */
  private static final List<Set<String>> STOREYS =
      List.of(
          Set.of(""),
          Set.of("replay", "threads", "mixed", "cgoalloc", "jna", "compare"),
          Set.of("contenders", "counting", "natives", "trace", "diagnostics"),
          Set.of("report", "jmh"),
          Set.of("run", "page"),
          Set.of("console"));

  private static final JavaClasses ALL =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("org.jallocator");

  private static String room(JavaClass type) {
    String rest = type.getPackageName().substring(BENCH.length());
    return rest.isEmpty() ? "" : rest.substring(1).split("\\.", -1)[0];
  }

  private static int storey(String room) {
    for (int storey = 0; storey < STOREYS.size(); storey++) {
      if (STOREYS.get(storey).contains(room)) {
        return storey;
      }
    }
    throw new AssertionError("room is on no storey: " + room);
  }

  @Test
  void arrowsBetweenRoomsPointDown() {
    Set<String> wrong = new TreeSet<>();
    int arrows = 0;
    for (JavaClass type : ALL) {
      if (!type.getPackageName().startsWith(BENCH)) {
        continue;
      }
      for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
        JavaClass target = dependency.getTargetClass().getBaseComponentType();
        if (!target.getPackageName().startsWith(BENCH) || room(type).equals(room(target))) {
          continue;
        }
        arrows++;
        if (storey(room(type)) >= storey(room(target))) {
          wrong.add(dependency.getDescription());
        }
      }
    }
    assertEquals(Set.of(), wrong);
    assertTrue(arrows > 100, "arrows=" + arrows);
  }

  @Test
  void apiUsesTheJdkAlone() {
    classes()
        .that()
        .resideInAnyPackage("org.jallocator", "org.jallocator.spi..", "org.jallocator.stack..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "java..",
            "org.jspecify..",
            "org.jallocator",
            "org.jallocator.spi..",
            "org.jallocator.stack..")
        .check(ALL);
  }

  @ParameterizedTest
  @ValueSource(strings = {"jna", "fixedblock", "arena"})
  void providerUsesNoOtherProvider(String provider) {
    classes()
        .that()
        .resideInAPackage("org.jallocator." + provider + "..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "java..",
            "javax..",
            "org.jspecify..",
            "com.google.auto..",
            "com.sun.jna..",
            "org.jallocator",
            "org.jallocator.spi..",
            "org.jallocator.stack..",
            "org.jallocator." + provider + "..")
        .check(ALL);
  }

  @Test
  void onlyTheModuleForJnaUsesJna() {
    noClasses()
        .that()
        .resideOutsideOfPackages("org.jallocator.jna..", BENCH + "..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("com.sun.jna..")
        .check(ALL);
  }

  @Test
  void nothingUsesTheBench() {
    noClasses()
        .that()
        .resideOutsideOfPackage(BENCH + "..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(BENCH + "..")
        .check(ALL);
  }

  @Test
  void noProductUsesUnsafeOrThreadLocal() {
    noClasses()
        .that()
        .resideOutsideOfPackage(BENCH + "..")
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("sun.misc.Unsafe")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.lang.ThreadLocal")
        .check(ALL);
  }
}
