package org.jallocator.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import javax.management.InstanceAlreadyExistsException;
import javax.management.JMX;
import javax.management.MBeanServer;
import javax.management.MBeanServerConnection;
import javax.management.MBeanServerDelegate;
import javax.management.MBeanServerFactory;
import javax.management.MBeanServerNotification;
import javax.management.NotificationListener;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXConnectorServer;
import javax.management.remote.JMXConnectorServerFactory;
import javax.management.remote.JMXServiceURL;
import org.jallocator.stack.AllocatorStack;
import org.jallocator.stack.StackListener;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a JMX client sees of stacks. */
// Beans and stacks do their work by being open; the client talks to this test alone.
@SuppressWarnings({"try", "BanJNDI"})
class AllocatorMBeansTest {

  private static final String EXPRESSION =
      "fallback(sizeclass(shared=true, jna), sizeclass(shared=true, jna))";

  private final MBeanServer server = MBeanServerFactory.newMBeanServer();

  private static Set<String> names(MBeanServerConnection connection) throws Exception {
    return connection.queryNames(null, null).stream()
        .map(ObjectName::getCanonicalName)
        .filter(name -> !name.startsWith("JMImplementation"))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static ObjectName name(String name) throws Exception {
    return new ObjectName(name);
  }

  @Test
  void aClientReadsTheFiguresOfAStackAndOfItsLayers() throws Exception {
    JMXConnectorServer connector =
        JMXConnectorServerFactory.newJMXConnectorServer(
            new JMXServiceURL("service:jmx:rmi://localhost"), Map.of(), server);
    connector.start();
    try (AllocatorMBeans beans = AllocatorMBeans.register(server);
        AllocatorStack stack = AllocatorStack.named("render", EXPRESSION);
        JMXConnector client = JMXConnectorFactory.connect(connector.getAddress())) {
      long address = stack.allocator().malloc(100);
      MBeanServerConnection connection = client.getMBeanServerConnection();
      AllocatorMXBean root =
          JMX.newMXBeanProxy(
              connection, name("org.jallocator:type=Allocator,name=render"), AllocatorMXBean.class);
      assertEquals("render", root.getName());
      assertEquals(EXPRESSION, root.getExpression());
      assertEquals(stack.describe(), root.getDescription());
      assertTrue(root.isShared());
      assertTrue(root.isTracked());
      assertEquals(1, root.getLiveBlocks());
      assertEquals(stack.allocator().stats().liveBytes(), root.getLiveBytes());
      assertEquals(0, root.getUnsizedBlocks());
      assertEquals(stack.allocator().stats().reservedBytes(), root.getReservedBytes());
      assertEquals(stack.allocator().stats().peakReservedBytes(), root.getPeakReservedBytes());

      LayerMXBean first =
          JMX.newMXBeanProxy(
              connection,
              name("org.jallocator:type=Layer,stack=render,layer=0.0"),
              LayerMXBean.class);
      assertEquals(
          List.of("render", "0.0", "sizeclass", "sizeclass(shared=true)"),
          List.of(first.getStack(), first.getPath(), first.getType(), first.getExpression()));
      assertTrue(first.isShared());
      assertTrue(first.isTracked());
      assertEquals(1, first.getLiveBlocks());
      assertTrue(first.getLiveBytes() >= 100);
      assertEquals(0, first.getUnsizedBlocks());
      assertTrue(first.getReservedBytes() >= first.getLiveBytes());
      assertTrue(first.getPeakReservedBytes() >= first.getReservedBytes());
      assertTrue(first.getInnerMallocs() >= 1);
      assertTrue(first.getInnerFrees() < first.getInnerMallocs());
      assertNull(first.getMallocs());
      assertNull(first.getFrees());
      assertNull(first.getFailures());
      assertNull(first.getLimitBytes());

      BufferPoolMXBean pool =
          JMX.newMXBeanProxy(
              connection,
              name("java.nio:type=BufferPool,name=jallocator-render"),
              BufferPoolMXBean.class);
      assertEquals("jallocator-render", pool.getName());
      assertEquals(1, pool.getCount());
      assertEquals(root.getLiveBytes(), pool.getTotalCapacity());
      assertEquals(root.getReservedBytes(), pool.getMemoryUsed());
      stack.allocator().free(address);
      assertEquals(0, root.getLiveBlocks());
    } finally {
      connector.stop();
    }
  }

  @Test
  void readsAConfinedStackFromAnotherThread() throws Exception {
    try (AllocatorStack stack = AllocatorStack.named("mine", "jna");
        AllocatorMBeans beans = AllocatorMBeans.register(server)) {
      assertFalse(names(server).isEmpty());
      AtomicReference<Object> description = new AtomicReference<>("");
      Thread other =
          new Thread(
              () -> {
                try {
                  description.set(
                      server.getAttribute(
                          name("org.jallocator:type=Allocator,name=mine"), "Description"));
                } catch (Exception e) {
                  description.set(e);
                }
              });
      other.start();
      other.join();
      assertEquals(stack.describe(), description.get());
    }
  }

  @Test
  void beansComeAndGoWithTheirStacksAndNoNameIsTakenTwice() throws Exception {
    AllocatorStack early = AllocatorStack.open("jna");
    try (AllocatorMBeans beans = AllocatorMBeans.register(server)) {
      assertEquals(
          Set.of(
              "java.nio:name=jallocator-unnamed,type=BufferPool",
              "org.jallocator:layer=0,stack=unnamed,type=Layer",
              "org.jallocator:name=unnamed,type=Allocator"),
          names(server));
      AllocatorStack first = AllocatorStack.named("a", "jna");
      AllocatorStack second = AllocatorStack.named("a", "jna");
      assertTrue(server.isRegistered(name("org.jallocator:type=Allocator,name=a")));
      assertTrue(server.isRegistered(name("org.jallocator:type=Layer,stack=a-2,layer=0")));
      first.close();
      assertFalse(server.isRegistered(name("org.jallocator:type=Allocator,name=a")));
      assertTrue(server.isRegistered(name("org.jallocator:type=Allocator,name=a-2")));
      second.closeAndRelease();
      early.close();
      assertEquals(Set.of(), names(server));
    }
  }

  @Test
  void closingUnregistersAllAndFollowsNoMore() throws Exception {
    AllocatorStack stack = AllocatorStack.named("b", "jna");
    AllocatorMBeans beans = AllocatorMBeans.register(server);
    assertEquals(3, names(server).size());
    beans.close();
    beans.close();
    assertEquals(Set.of(), names(server));
    AllocatorStack.named("c", "jna").close();
    stack.close();
    assertEquals(Set.of(), names(server));
  }

  @Test
  void aStackThatClosesWhileBeansAreRegisteredHasNone() throws Exception {
    AllocatorStack first = AllocatorStack.named("first", "jna");
    AllocatorStack second = AllocatorStack.named("second", "jna");
    MBeanServer closing =
        (MBeanServer)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {MBeanServer.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("registerMBean")) {
                    second.close();
                  }
                  return method.invoke(server, arguments);
                });
    try (AllocatorMBeans beans = AllocatorMBeans.register(closing)) {
      assertTrue(server.isRegistered(name("org.jallocator:type=Allocator,name=first")));
      assertFalse(server.isRegistered(name("org.jallocator:type=Allocator,name=second")));
    } finally {
      first.close();
    }
  }

  /** Runs something once, at a notification of a type with a number. */
  private static NotificationListener at(String type, int number, Runnable action) {
    int[] heard = {0};
    return (notification, any) -> {
      if (notification.getType().equals(type) && ++heard[0] == number) {
        action.run();
      }
    };
  }

  private static MBeanServer heardBy(NotificationListener listener) throws Exception {
    MBeanServer server = MBeanServerFactory.newMBeanServer();
    server.addNotificationListener(MBeanServerDelegate.DELEGATE_NAME, listener, null, null);
    return server;
  }

  @Test
  void aStackThatAListenerOfTheServerClosesHasNoBeans() throws Exception {
    for (int n = 1; n <= 3; n++) {
      AllocatorStack stack = AllocatorStack.named("closing", "jna");
      MBeanServer heard =
          heardBy(at(MBeanServerNotification.REGISTRATION_NOTIFICATION, n, stack::close));
      try (AllocatorMBeans beans = AllocatorMBeans.register(heard)) {
        assertEquals(Set.of(), names(heard), "at bean " + n);
      }
    }
  }

  @Test
  void noBeanIsLeftIfAListenerOfTheServerClosesWhileBeansAreRegistered() throws Exception {
    for (int n = 1; n <= 3; n++) {
      AtomicReference<@Nullable AllocatorMBeans> beans = new AtomicReference<>();
      MBeanServer heard =
          heardBy(
              at(
                  MBeanServerNotification.REGISTRATION_NOTIFICATION,
                  n,
                  () -> Objects.requireNonNull(beans.get()).close()));
      beans.set(AllocatorMBeans.register(heard));
      try (AllocatorStack stack = AllocatorStack.named("late", "jna")) {
        assertEquals(Set.of(), names(heard), stack + ", at bean " + n);
      }
    }
  }

  @Test
  void aStackThatAListenerOfTheServerClosesAtTheEndOfAnotherFreesBothNames() throws Exception {
    for (int n = 1; n <= 3; n++) {
      AllocatorStack first = AllocatorStack.named("first", "jna");
      AllocatorStack second = AllocatorStack.named("second", "jna");
      MBeanServer heard =
          heardBy(at(MBeanServerNotification.UNREGISTRATION_NOTIFICATION, n, second::close));
      try (AllocatorMBeans beans = AllocatorMBeans.register(heard)) {
        Set<String> before = names(heard);
        first.close();
        assertEquals(Set.of(), names(heard), "at bean " + n);
        try (AllocatorStack third = AllocatorStack.named("first", "jna");
            AllocatorStack fourth = AllocatorStack.named("second", "jna")) {
          assertEquals(before, names(heard), "at bean " + n);
        }
      }
    }
  }

  @Test
  @Timeout(60) // a thread that unregisters a bean twice at once waits for itself
  void aListenerOfTheServerMayCloseAgainWhileBeansAreUnregistered() throws Exception {
    for (int n = 1; n <= 6; n++) {
      AtomicReference<@Nullable AllocatorMBeans> beans = new AtomicReference<>();
      MBeanServer heard =
          heardBy(
              at(
                  MBeanServerNotification.UNREGISTRATION_NOTIFICATION,
                  n,
                  () -> Objects.requireNonNull(beans.get()).close()));
      try (AllocatorStack first = AllocatorStack.named("first", "jna");
          AllocatorStack second = AllocatorStack.named("second", "jna")) {
        beans.set(AllocatorMBeans.register(heard));
        assertEquals(6, names(heard).size());
        Objects.requireNonNull(beans.get()).close();
        assertEquals(Set.of(), names(heard), "at bean " + n);
      }
    }
  }

  @Test
  void aStackThatClosesBeforeItIsReportedAsOpenHasNoBeans() throws Exception {
    StackListener closing =
        new StackListener() {
          @Override
          public void opened(AllocatorStack stack) {
            stack.close();
          }
        };
    AllocatorStack.addListener(closing);
    try (AllocatorMBeans beans = AllocatorMBeans.register(server);
        AllocatorStack stack = AllocatorStack.named("early", "jna")) {
      assertEquals(Set.of(), names(server), stack::toString);
    } finally {
      AllocatorStack.removeListener(closing);
    }
  }

  @Test
  void theBeansOfGarbageGoWithTheNextStack() throws Exception {
    try (AllocatorMBeans beans = AllocatorMBeans.register(server)) {
      forget();
      ObjectName forgotten = name("org.jallocator:type=Allocator,name=forgotten");
      assertTrue(server.isRegistered(forgotten));
      for (int i = 0; i < 100 && server.isRegistered(forgotten); i++) {
        System.gc();
        Thread.sleep(10);
        AllocatorStack.open("jna").close();
      }
      assertFalse(server.isRegistered(forgotten));
    }
  }

  private static void forget() {
    assertEquals("jna", AllocatorStack.named("forgotten", "jna").toString());
  }

  @Test
  void registersWithThePlatformByDefault() throws Exception {
    try (AllocatorStack stack = AllocatorStack.named("platform", "jna");
        AllocatorMBeans beans = AllocatorMBeans.register()) {
      assertTrue(
          ManagementFactory.getPlatformMBeanServer()
              .isRegistered(name("org.jallocator:type=Allocator,name=platform")));
    }
  }

  @Test
  void aServerThatRefusesABeanKeepsNone() throws Exception {
    MBeanServer refusing =
        (MBeanServer)
            Proxy.newProxyInstance(
                MBeanServer.class.getClassLoader(),
                new Class<?>[] {MBeanServer.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("registerMBean")
                      && arguments[1].toString().contains("type=Layer")) {
                    throw new InstanceAlreadyExistsException("refused");
                  }
                  return method.invoke(server, arguments);
                });
    try (AllocatorStack stack = AllocatorStack.named("refused", EXPRESSION)) {
      assertThrows(IllegalStateException.class, () -> AllocatorMBeans.register(refusing));
      assertEquals(Set.of(), names(server));
    }
    try (AllocatorStack later = AllocatorStack.named("later", EXPRESSION)) {
      assertEquals(Set.of(), names(server)); // nobody listens any more
    }
  }

  private MBeanServer server(InvocationHandler before) {
    return (MBeanServer)
        Proxy.newProxyInstance(
            MBeanServer.class.getClassLoader(),
            new Class<?>[] {MBeanServer.class},
            (proxy, method, arguments) -> {
              before.invoke(proxy, method, arguments);
              return method.invoke(server, arguments);
            });
  }

  @Test
  void aLaterStackWhoseBeanIsRefusedHasNone() throws Exception {
    MBeanServer refusing =
        server(
            (proxy, method, arguments) -> {
              if (method.getName().equals("registerMBean")
                  && arguments[1].toString().contains("type=Layer,stack=late,layer=0.1")) {
                throw new InstanceAlreadyExistsException("refused");
              }
              return null;
            });
    try (AllocatorMBeans beans = AllocatorMBeans.register(refusing)) {
      try (AllocatorStack stack = AllocatorStack.named("late", EXPRESSION)) {
        assertEquals(Set.of(), names(server), stack::toString);
        try (AllocatorStack next = AllocatorStack.named("next", EXPRESSION)) {
          assertTrue(server.isRegistered(name("org.jallocator:type=Allocator,name=next")));
        }
      }
    }
    assertEquals(Set.of(), names(server));
  }

  @Test
  void aBeanThatCannotBeUnregisteredKeepsNoOther() throws Exception {
    String stuck = "org.jallocator:layer=0,stack=first,type=Layer";
    MBeanServer refusing =
        server(
            (proxy, method, arguments) -> {
              if (method.getName().equals("unregisterMBean")
                  && ((ObjectName) arguments[0]).getCanonicalName().equals(stuck)) {
                throw new SecurityException("planted by a test");
              }
              return null;
            });
    try (AllocatorStack first = AllocatorStack.named("first", EXPRESSION);
        AllocatorStack second = AllocatorStack.named("second", EXPRESSION)) {
      AllocatorMBeans beans = AllocatorMBeans.register(refusing);
      assertTrue(names(server).size() > 6);
      beans.close();
      assertEquals(Set.of(stuck), names(server));
    }
  }
}
