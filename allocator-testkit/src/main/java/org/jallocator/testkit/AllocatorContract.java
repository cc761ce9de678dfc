package org.jallocator.testkit;

/**
 * The conformance suite: every row of the contract, as tests that any provider's author runs by
 * extending this class with a few lines.
 *
 * <pre>{@code
 * final class FixedBlockAllocatorTest extends AllocatorContract {
 *   @Override
 *   protected Allocator create(Allocator inner) {
 *     return FixedBlockAllocator.create(inner, 4096, 64, 8);
 *   }
 * }
 * }</pre>
 *
 * <p>The inner is a {@link RecordingAllocator} over invented addresses, so that a layer can be
 * watched and starved. What the suite may expect beyond {@link org.jallocator.Allocator} it finds
 * out by itself: whether the allocator is an {@link org.jallocator.OwningAllocator} and so refuses
 * wrong frees, whether it is an {@link org.jallocator.Arena}, whether it is confined, and whether
 * its {@link org.jallocator.Allocator#stats stats} are tracked. Tests of what it is not are
 * skipped.
 *
 * <p>Override {@link #kind} for a leaf; {@link #kind} again for a stack of several layers, each but
 * the root wrapped in {@code below}; {@link #configureInner} to ask more of the invented inner; and
 * {@link #createRealInner}, {@link #write} and {@link #verify} to run on real memory.
 *
 * <p>Random programs are the same at every run. {@code -Djallocator.testkit.seeds=100} runs a
 * hundred of each instead of a few; {@code -Djallocator.testkit.seed=7} runs the one that a failure
 * named.
 *
 * <p>Each test makes allocators of its own, on the thread that runs it. A run of all takes about a
 * second, and less than that where the machine is warm.
 */
public abstract class AllocatorContract extends SharedRows {

  /** For a subclass. */
  protected AllocatorContract() {}
}
