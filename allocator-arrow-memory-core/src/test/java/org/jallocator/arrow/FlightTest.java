package org.jallocator.arrow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightServer;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.jallocator.LeakException;
import org.jallocator.stack.AllocatorStack;
import org.junit.jupiter.api.Test;

/** A Flight client and a server on the loopback, every buffer of either from a stack. */
final class FlightTest {

  private static final long ROWS = Long.getLong("allocator.arrow.rows", 50_000);
  private static final int BATCH = 10_000;

  @Test
  void readsEveryRowThroughTwoStacks() throws Exception {
    try (ArrowRoot client = ArrowRoot.open("@general")) {
      try (ArrowRoot server = ArrowRoot.open("@general")) {
        long rows =
            read(server.allocator(), client.allocator(), client::assertHoldsAllOfArrowsBytes);
        assertEquals(ROWS, rows);
        System.out.println("flight: rows=" + rows + "\nclient: " + client.stack().describe());
        System.out.println("server: " + server.stack().describe());
      }
    }
  }

  @Test
  void readsEveryRowThroughTheStackOfTheProcess() throws Exception {
    long before = AllocatorArrow.stack().allocator().stats().liveBlocks();
    try (BufferAllocator server = new RootAllocator();
        BufferAllocator client = new RootAllocator()) {
      long rows = read(server, client, () -> ArrowRoot.assertHolds(AllocatorArrow.stack(), client));
      assertEquals(ROWS, rows);
    }
    assertEquals(before, AllocatorArrow.stack().allocator().stats().liveBlocks());
  }

  @Test
  void saysWhichLineLeaked() throws Exception {
    AllocatorStack stack = AllocatorStack.open("tracked(frames=12, @general)");
    RootAllocator client = ArrowRoot.root(stack.allocator());
    try (ArrowRoot server = ArrowRoot.open("@general")) {
      read(server.allocator(), client, () -> {});
      LeakPlant.plant(client);
    }
    assertThrows(IllegalStateException.class, client::close);
    LeakException leak = assertThrows(LeakException.class, stack::close);
    assertEquals(1, leak.liveBlocks());
    System.out.println(leak.getMessage());
    assertTrue(leak.sites().contains(LeakPlant.class.getName() + ".plant"), leak.sites());
    assertTrue(leak.sites().contains("LeakPlant.java:"), leak.sites());
    assertThrows(LeakException.class, stack::closeAndRelease);
  }

  /** Reads the whole table from a server, and checks each row. */
  private static long read(BufferAllocator servers, BufferAllocator clients, Runnable onBatch)
      throws Exception {
    try (FlightServer server = TableProducer.serve(servers, ROWS, BATCH);
        FlightClient client = FlightClient.builder(clients, server.getLocation()).build()) {
      long rows = 0;
      try (FlightStream stream = client.getStream(new Ticket(new byte[] {1}))) {
        while (stream.next()) {
          Table.assertRows(stream.getRoot(), rows);
          rows += stream.getRoot().getRowCount();
          onBatch.run();
        }
      }
      server.shutdown();
      assertTrue(server.awaitTermination(120, TimeUnit.SECONDS));
      return rows;
    }
  }
}
