package org.jallocator.diagnostics.user;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.diagnostics.LeakReport;
import org.jallocator.diagnostics.SiteTotal;
import org.jallocator.diagnostics.TrackedAllocator;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.Test;

/**
 * What tracked tells, seen from another package: frames of its own package are left out of sites.
 */
final class TrackedAllocatorTest {

  private final RecordingAllocator inner = RecordingAllocator.create();

  @Test
  void badFreesOfEachKindAreFoundAndADoubleFreeNamesThreeSites() {
    TrackedAllocator tracked = TrackedAllocator.create(inner);
    long address = tracked.malloc(64);
    assertEquals(Reason.NOT_A_BLOCK, refused(tracked, address + 8).reason());
    assertEquals(Reason.FOREIGN, refused(tracked, 4711).reason());
    tracked.free(address);
    InvalidFreeException e = refused(tracked, address);
    assertEquals(Reason.DOUBLE_FREE, e.reason());
    assertTrue(
        String.valueOf(e.getMessage()).matches("(?s).*allocated by.*freed by.*freed again by.*"),
        e.getMessage());
    tracked.close();
    inner.assertEverythingReturned();
  }

  private static InvalidFreeException refused(TrackedAllocator tracked, long address) {
    return assertThrows(InvalidFreeException.class, () -> tracked.free(address));
  }

  @Test
  void leaksAreGroupedBySiteTheLargestFirst() {
    TrackedAllocator tracked = TrackedAllocator.create(inner);
    for (int i = 0; i < 3; i++) {
      tracked.malloc(10);
    }
    tracked.malloc(1000);
    LeakReport report = tracked.report();
    assertEquals(2, report.totals().size());
    assertEquals(1000, report.totals().get(0).bytes());
    assertEquals(3, report.totals().get(1).blocks());
    assertEquals(1030, report.bytes());
    assertTrue(report.json().startsWith("{\"blocks\":4,\"bytes\":1030,"), report.json());
    assertTrue(report.collapsed().lines().allMatch(line -> line.matches(".*;.* \\d+")));
    LeakException leak = assertThrows(LeakException.class, tracked::close);
    assertTrue(leak.sites().startsWith("1,030 bytes in 4 live blocks of 2 sites"), leak.sites());
    assertThrows(LeakException.class, tracked::closeAndRelease);
    inner.assertEverythingReturned();
  }

  @Test
  void theEstimateOfSamplesIsUnbiased() {
    TrackedAllocator tracked = TrackedAllocator.builder(inner).sample(1000).history(0).build();
    long bytes = 0;
    List<Long> addresses = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      long size = 1 + i * 37L % 500;
      bytes += size;
      addresses.add(tracked.malloc(size));
    }
    long estimate = tracked.report().totals().stream().mapToLong(SiteTotal::bytes).sum();
    assertEquals(1.0, (double) estimate / (double) bytes, 0.06);
    assertTrue(tracked.report().totals().get(0).sampledBlocks() < 8000);
    addresses.forEach(tracked::free);
    tracked.close();
  }
}
