/**
 * The conformance suite that every allocator runs, and the tools it is made of.
 *
 * <pre>
 *   a test of yours ──is a──▶ AllocatorContract       all rules of the contract
 *                               │ is a
 *                             SharedRules … MallocRules   a class for each kind of rule
 *                               │ is a
 *                             ContractFixture         what you override; makes a subject a test
 *                               │
 *                               ▼
 *                             Subject ──▶ Model       an allocator, driven in step with its model
 *                               │
 *                               ▼
 *                             the allocator under test
 *                               │
 *                               ▼
 *                             RecordingAllocator      the inner: a ledger, and failures as planned
 * </pre>
 *
 * <p>{@link org.jallocator.testkit.ProviderContract} and {@link
 * org.jallocator.testkit.EventsContract} are suites of their own: of a module's providers, and of
 * the events of a layer.
 *
 * <p>Words, beside those of the contract:
 *
 * <dl>
 *   <dt>ledger
 *   <dd>what was asked of the inner, what it gave and what it got back
 *   <dt>model
 *   <dd>the blocks that the allocator must have live; it is compared after each step
 *   <dt>in doubt
 *   <dd>of a block: its free threw, so that it may be live or not
 *   <dt>trait
 *   <dd>what an allocator is, such as owning or shared; a rule is a test only of those with its
 *       traits
 * </dl>
 */
@NullMarked
package org.jallocator.testkit;

import org.jspecify.annotations.NullMarked;
