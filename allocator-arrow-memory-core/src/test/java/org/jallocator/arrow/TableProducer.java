package org.jallocator.arrow;

import java.io.IOException;
import org.apache.arrow.flight.FlightServer;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.NoOpFlightProducer;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;

/** Serves a {@link Table} of so many rows, in batches. */
final class TableProducer extends NoOpFlightProducer {

  private final BufferAllocator allocator;
  private final long rows;
  private final int batch;

  private TableProducer(BufferAllocator allocator, long rows, int batch) {
    this.allocator = allocator;
    this.rows = rows;
    this.batch = batch;
  }

  /** Starts a server on a free port of the loopback. */
  static FlightServer serve(BufferAllocator allocator, long rows, int batch) throws IOException {
    return FlightServer.builder(
            allocator,
            Location.forGrpcInsecure("127.0.0.1", 0),
            new TableProducer(allocator, rows, batch))
        .build()
        .start();
  }

  @Override
  public void getStream(CallContext context, Ticket ticket, ServerStreamListener listener) {
    try (VectorSchemaRoot table = Table.create(allocator)) {
      listener.start(table);
      for (long row = 0; row < rows; row += batch) {
        while (!listener.isReady()) {
          Thread.onSpinWait();
        }
        Table.fill(table, row, (int) Math.min(batch, rows - row));
        listener.putNext();
      }
      listener.completed();
    }
  }
}
