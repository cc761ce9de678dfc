package org.jallocator.testkit;

/**
 * The conformance suite: every rule of the contract, as tests that any provider's author runs by
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
 * its {@link org.jallocator.Allocator#stats stats} are tracked. Rules that do not apply generate no
 * tests.
 *
 * <p>Override {@link #kind} for a leaf; {@link #kind} again for a stack of several layers, each but
 * the root wrapped in {@code below}; {@link #configureInner} to ask more of the invented inner; and
 * {@link #createRealInner}, {@link #write} and {@link #verify} to run on real memory.
 *
 * <p>Random programs are the same at every run. System properties, each with the prefix {@code
 * jallocator.testkit.}:
 *
 * <table>
 * <caption>How much is run</caption>
 * <tr><td>{@code seeds=100}</td><td>runs a hundred of each random program instead of a few</td></tr>
 * <tr><td>{@code seed=7}</td><td>runs the one that a failure named</td></tr>
 * <tr><td>{@code closings=2000}</td><td>closes so many shared allocators beside mallocs and frees
 * </td></tr>
 * <tr><td>{@code overflows=2000}</td><td>overflows the stack so many times</td></tr>
 * <tr><td>{@code faults=1000}</td><td>makes the inner fail at so many of the frees of a program
 * </td></tr>
 * <tr><td>{@code starvations=10}</td><td>makes the inner fail at so many of the mallocs of a program,
 * not at each</td></tr>
 * </table>
 *
 * <p>Each test makes allocators of its own, on the thread that runs it. A run of all takes about a
 * second, and less than that if the JVM is warm.
 */
public abstract class AllocatorContract extends SharedRules {

  /** For a subclass. */
  protected AllocatorContract() {}
}
