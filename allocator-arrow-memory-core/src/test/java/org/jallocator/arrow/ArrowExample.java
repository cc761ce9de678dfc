package org.jallocator.arrow;

import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightServer;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.jallocator.stack.AllocatorStack;

/**
 * A Flight server and a client that know nothing of stacks: the class path puts their buffers on
 * one. Prints what the stack holds while rows arrive, and afterwards.
 */
public final class ArrowExample {

  private ArrowExample() {}

  /**
   * Reads 100,000 rows.
   *
   * @param args ignored
   * @throws Exception if Flight fails
   */
  public static void main(String[] args) throws Exception {
    AllocatorStack stack = AllocatorArrow.stack();
    try (BufferAllocator servers = new RootAllocator();
        BufferAllocator clients = new RootAllocator();
        FlightServer server = TableProducer.serve(servers, 100_000, 10_000);
        FlightClient client = FlightClient.builder(clients, server.getLocation()).build();
        FlightStream stream = client.getStream(new Ticket(new byte[0]))) {
      long rows = 0;
      while (stream.next()) {
        rows += stream.getRoot().getRowCount();
        System.out.println(rows + " rows: " + stack.allocator().stats().liveBytes() + " bytes");
      }
    }
    System.out.println(stack.describe());
  }
}
