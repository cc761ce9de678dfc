package org.jallocator.torture;

import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.spi.AllocatorProvider;
import org.jallocator.spi.AllocatorSettings;
import org.jallocator.spi.Option;
import org.jallocator.testkit.PlainLeaf;
import org.jallocator.testkit.RecordingAllocator;

/**
 * The leaf {@code recorded} of an expression: invented memory with a ledger. As C's malloc and free
 * it recognises no address; the ledger does.
 */
public final class RecordedProvider implements AllocatorProvider {

  /** What is below the stack that this thread opens. */
  private static final ThreadLocal<Allocator> MEMORY =
      ThreadLocal.withInitial(RecordingAllocator::create);

  /** For the service loader. */
  public RecordedProvider() {}

  /** Sets what is below the stacks that this thread opens from now on. */
  static void use(Allocator memory) {
    MEMORY.set(memory);
  }

  @Override
  public String name() {
    return "recorded";
  }

  @Override
  public String description() {
    return "invented memory with a ledger, for tests";
  }

  @Override
  public List<Option<?>> options() {
    return List.of();
  }

  @Override
  public List<InnerLayer> innerLayers() {
    return List.of();
  }

  @Override
  public Allocator create(AllocatorSettings settings) {
    return new PlainLeaf(MEMORY.get());
  }
}
