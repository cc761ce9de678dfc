package org.jallocator.metrics;

import com.google.auto.service.AutoService;
import jdk.jfr.Event;
import org.jallocator.InvalidFreeException;
import org.jallocator.LeakException;
import org.jallocator.spi.AllocatorListener;

/**
 * Records the events of slow paths of layers in flight recordings. {@link java.util.ServiceLoader}
 * finds it: put this module on the class path. While nothing is recorded, an event costs some
 * nanoseconds and makes no object.
 *
 * <p>Shared, never blocks.
 */
@AutoService(AllocatorListener.class)
@SuppressWarnings("exports") // the annotation is gone at run time
public final class JfrListener implements AllocatorListener {

  // Never committed: they ask whether a recording has such events enabled.
  private static final Event TAKE_PAGE = new JfrEvents.TakePage();
  private static final Event RETURN_PAGE = new JfrEvents.ReturnPage();
  private static final Event INNER_REFUSED = new JfrEvents.InnerRefused();
  private static final Event LIMIT_REACHED = new JfrEvents.LimitReached();
  private static final Event LEAK = new JfrEvents.Leak();
  private static final Event INVALID_FREE = new JfrEvents.InvalidFree();

  /** For the service loader. */
  public JfrListener() {}

  @Override
  public void pageTaken(String layer, long address, long bytes) {
    if (TAKE_PAGE.isEnabled()) {
      JfrEvents.TakePage event = new JfrEvents.TakePage();
      event.layer = layer;
      event.address = address;
      event.size = bytes;
      event.commit();
    }
  }

  @Override
  public void pageReturned(String layer, long address, long bytes) {
    if (RETURN_PAGE.isEnabled()) {
      JfrEvents.ReturnPage event = new JfrEvents.ReturnPage();
      event.layer = layer;
      event.address = address;
      event.size = bytes;
      event.commit();
    }
  }

  @Override
  public void innerRefused(String layer, long bytes) {
    if (INNER_REFUSED.isEnabled()) {
      JfrEvents.InnerRefused event = new JfrEvents.InnerRefused();
      event.layer = layer;
      event.size = bytes;
      event.commit();
    }
  }

  @Override
  public void limitReached(String layer, long bytes, long limit) {
    if (LIMIT_REACHED.isEnabled()) {
      JfrEvents.LimitReached event = new JfrEvents.LimitReached();
      event.layer = layer;
      event.size = bytes;
      event.limit = limit;
      event.commit();
    }
  }

  @Override
  public void leaked(String layer, LeakException leak) {
    if (LEAK.isEnabled()) {
      JfrEvents.Leak event = new JfrEvents.Leak();
      long[] addresses = leak.addresses();
      event.layer = layer;
      event.blocks = leak.liveBlocks();
      event.size = leak.liveBytes();
      event.address = addresses.length == 0 ? 0 : addresses[0];
      event.commit();
    }
  }

  @Override
  public void invalidFree(String layer, InvalidFreeException refusal) {
    if (INVALID_FREE.isEnabled()) {
      JfrEvents.InvalidFree event = new JfrEvents.InvalidFree();
      event.layer = layer;
      event.address = refusal.address();
      event.reason = refusal.reason().name();
      event.commit();
    }
  }
}
