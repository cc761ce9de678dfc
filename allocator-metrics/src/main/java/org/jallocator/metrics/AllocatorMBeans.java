package org.jallocator.metrics;

import java.lang.System.Logger.Level;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.jallocator.stack.AllocatorStack;
import org.jallocator.stack.StackLayer;
import org.jallocator.stack.StackListener;
import org.jspecify.annotations.Nullable;

/**
 * Registers MXBeans for the stacks that are open, and for each stack that opens later. Closing a
 * stack unregisters its beans. A stack that is named {@code render} has:
 *
 * <ul>
 *   <li>{@code org.jallocator:type=Allocator,name=render}, an {@link AllocatorMXBean};
 *   <li>{@code org.jallocator:type=Layer,stack=render,layer=0.1}, a {@link LayerMXBean} for each
 *       layer;
 *   <li>{@code java.nio:type=BufferPool,name=jallocator-render}, for tools that show the buffer
 *       pools of a JVM.
 * </ul>
 *
 * <p>A stack without a name is called {@code unnamed}; a second stack of the same name is {@code
 * render-2}. If a stack becomes garbage without being closed, its beans are unregistered when the
 * next stack opens or closes.
 *
 * <p>Shared, may block: registering and {@link #close} wait for each other.
 */
public final class AllocatorMBeans implements AutoCloseable {

  /** The beans of one stack, under one name. */
  private record Registration(StackBean bean, List<ObjectName> names) {}

  private final StackListener listener =
      new StackListener() {
        @Override
        public void opened(AllocatorStack stack) {
          add(stack);
        }

        @Override
        public void closed(AllocatorStack stack) {
          remove(stack);
        }
      };

  private final MBeanServer server;
  private final List<Registration> registrations = new ArrayList<>();
  private boolean closed;

  private AllocatorMBeans(MBeanServer server) {
    this.server = server;
  }

  /**
   * Registers the beans with the server of the platform. Shared, may block.
   *
   * @return the registration: closing it unregisters the beans
   * @throws IllegalStateException if the server refuses a bean
   */
  public static AllocatorMBeans register() {
    return register(ManagementFactory.getPlatformMBeanServer());
  }

  /**
   * Registers the beans with a server. Call it once for each server: a second call registers them
   * again, under further names. Shared, may block.
   *
   * @param server the server
   * @return the registration: closing it unregisters the beans
   * @throws IllegalStateException if the server refuses a bean
   */
  public static AllocatorMBeans register(MBeanServer server) {
    AllocatorMBeans beans = new AllocatorMBeans(server);
    AllocatorStack.addListener(beans.listener);
    try {
      AllocatorStack.openStacks().forEach(beans::add);
    } catch (RuntimeException | Error e) {
      beans.close();
      throw e;
    }
    return beans;
  }

  private synchronized void add(AllocatorStack stack) {
    purge();
    // If the stack is open now, the listener removes it later: it waits for this lock.
    if (closed
        || registrations.stream().anyMatch(known -> known.bean().stack() == stack)
        || !AllocatorStack.openStacks().contains(stack)) {
      return;
    }
    String name = freeName(stack.name().orElse("unnamed"));
    StackBean bean = new StackBean(stack, name);
    List<StackLayer> layers = stack.layers();
    // With room for all names: a full Java heap must not come between a bean and its name.
    Registration registration = new Registration(bean, new ArrayList<>(layers.size() + 2));
    registrations.add(registration);
    try {
      add(registration, layers);
    } catch (RuntimeException | Error e) {
      unregister(registration);
      registrations.remove(registration);
      throw e;
    }
  }

  private void add(Registration registration, List<StackLayer> layers) {
    StackBean bean = registration.bean();
    String name = bean.getName();
    add(registration, "org.jallocator:type=Allocator,name=" + name, bean);
    for (StackLayer layer : layers) {
      add(
          registration,
          "org.jallocator:type=Layer,stack=" + name + ",layer=" + layer.path(),
          new LayerBean(layer, name));
    }
    ObjectName pool = objectName("java.nio:type=BufferPool,name=jallocator-" + name);
    add(registration, pool.toString(), new StackBean.Pool(bean, pool));
  }

  private String freeName(String name) {
    Set<String> taken = new HashSet<>();
    registrations.forEach(known -> taken.add(known.bean().getName()));
    String free = name;
    for (int i = 2;
        taken.contains(free)
            || server.isRegistered(objectName("org.jallocator:type=Allocator,name=" + free));
        i++) {
      free = name + "-" + i;
    }
    return free;
  }

  /** Adds a bean, unless a listener of the server has closed the stack, or this, meanwhile. */
  private void add(Registration registration, String name, Object bean) {
    if (!registrations.contains(registration)) {
      return;
    }
    try {
      ObjectName objectName = objectName(name);
      server.registerMBean(bean, objectName);
      registration.names().add(objectName);
      if (!registrations.contains(registration)) {
        unregister(objectName);
      }
    } catch (JMException e) {
      throw new IllegalStateException("bean cannot be registered: name=" + name, e);
    }
  }

  private static ObjectName objectName(String name) {
    try {
      return new ObjectName(name);
    } catch (JMException e) {
      throw new IllegalStateException("name of a bean is malformed: name=" + name, e);
    }
  }

  private synchronized void remove(AllocatorStack stack) {
    removeIf(known -> known == null || known == stack);
  }

  private void purge() {
    removeIf(known -> known == null);
  }

  /** Removes registrations by their stacks, which are null if they are garbage. */
  private void removeIf(Predicate<@Nullable AllocatorStack> gone) {
    // A copy: the server calls listeners of its own, which may open and close stacks.
    for (Registration each : List.copyOf(registrations)) {
      if (gone.test(each.bean().stack())) {
        unregister(each);
        registrations.remove(each);
      }
    }
  }

  /**
   * Unregisters beans. Each is out of the list first: a listener of the server may come back here,
   * and a thread that unregisters a bean twice at once waits for itself in the server.
   */
  private void unregister(Registration registration) {
    List<ObjectName> names = registration.names();
    while (!names.isEmpty()) {
      unregister(names.remove(names.size() - 1));
    }
  }

  private void unregister(ObjectName name) {
    try {
      server.unregisterMBean(name);
    } catch (JMException e) {
      // Other code unregistered it.
    } catch (RuntimeException e) {
      System.getLogger(AllocatorMBeans.class.getName())
          .log(Level.WARNING, "bean cannot be unregistered: name=" + name, e);
    }
  }

  /**
   * Unregisters all beans; one that the server keeps is logged. A second call does nothing. Shared,
   * may block.
   */
  @Override
  public void close() {
    AllocatorStack.removeListener(listener);
    synchronized (this) {
      closed = true;
      removeIf(known -> true);
    }
  }
}
