package org.jallocator.ffm;

import java.lang.reflect.Proxy;
import org.jallocator.Allocator;

/** Opens an arena, and prints what that throws. */
final class ProgramWithoutNativeAccess {

  private ProgramWithoutNativeAccess() {}

  public static void main(String... args) {
    Allocator allocator =
        (Allocator)
            Proxy.newProxyInstance(
                Allocator.class.getClassLoader(),
                new Class<?>[] {Allocator.class},
                (proxy, method, arguments) -> 16L); // its alignment
    try (AllocatorArena arena = AllocatorArena.ofConfined(allocator)) {
      System.out.println("open: " + arena.scope());
    } catch (IllegalStateException e) {
      System.out.println(e.getMessage());
    }
  }
}
