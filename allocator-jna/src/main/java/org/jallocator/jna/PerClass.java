package org.jallocator.jna;

import com.sun.jna.Native;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * A value for each class, made once, that keeps no class loader from being unloaded.
 *
 * <p>A {@link ClassValue} keeps its value with the class. That is right for a user's class, which
 * is unloaded with its application. JNA itself may live longer than this module, in a server's
 * common loader; a value kept with its classes would keep our classes loaded. Those values are in a
 * map of ours.
 *
 * <p>Shared, never blocks once the value is there.
 *
 * @param <V> the value
 */
final class PerClass<V> {

  private final Function<Class<?>, V> maker;
  private final Map<Class<?>, V> ofJna = new ConcurrentHashMap<>();
  private final ClassValue<V> ofOthers =
      new ClassValue<>() {
        @Override
        protected V computeValue(Class<?> type) {
          return maker.apply(type);
        }
      };

  PerClass(Function<Class<?>, V> maker) {
    this.maker = maker;
  }

  V get(Class<?> type) {
    if (type.getClassLoader() != Native.class.getClassLoader()) {
      return ofOthers.get(type);
    }
    V value = ofJna.get(type);
    return value != null ? value : ofJna.computeIfAbsent(type, maker);
  }
}
