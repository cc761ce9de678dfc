package org.jallocator.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.management.ManagementFactory;
import javax.management.JMException;
import javax.management.ObjectName;
import org.jallocator.spi.AllocatorEvents;
import org.jallocator.spi.AllocatorListener;
import org.junit.jupiter.api.Test;

/** What an event costs on the Java heap while nothing is recorded: nothing. */
class EventsCostTest {

  private static final int EVENTS = 20_000;

  @Test
  void anEventMakesNoObjectWhoeverListens() throws JMException {
    AllocatorEvents.load();
    AllocatorListener listener = new AllocatorListener() {};
    AllocatorEvents.add(listener);
    try {
      bytesAllocated();
      bytesAllocated();
      assertEquals(0, bytesAllocated() / EVENTS);
    } finally {
      AllocatorEvents.remove(listener);
    }
  }

  private static long bytesAllocated() throws JMException {
    long before = allocated();
    for (int i = 0; i < EVENTS; i++) {
      AllocatorEvents.pageTaken("arena", i, 64);
      AllocatorEvents.pageReturned("arena", i, 64);
      AllocatorEvents.innerRefused("arena", 64);
      AllocatorEvents.limitReached("limit", 64, 32);
    }
    return allocated() - before;
  }

  /** Asks by name: the bean's interface is of a module that this one does not need. */
  private static long allocated() throws JMException {
    return (Long)
        ManagementFactory.getPlatformMBeanServer()
            .invoke(
                new ObjectName(ManagementFactory.THREAD_MXBEAN_NAME),
                "getThreadAllocatedBytes",
                new Object[] {Thread.currentThread().getId()},
                new String[] {long.class.getName()});
  }
}
