package org.jallocator.arrow;

import java.lang.reflect.Field;
import java.util.Objects;
import org.apache.arrow.memory.AllocationManager;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.jallocator.Allocator;
import org.jallocator.AllocatorConfigException;
import org.jallocator.spi.AllocatorErrors;
import org.jallocator.stack.AllocatorStack;

/**
 * Apache Arrow's buffers from a shared allocator. There are three ways:
 *
 * <ol>
 *   <li>For one root allocator, by Arrow's own configuration:
 *       <pre>{@code
 * new RootAllocator(
 *     RootAllocator.configBuilder()
 *         .allocationManagerFactory(AllocatorArrow.factory(stack.allocator()))
 *         .build())
 * }</pre>
 *       Arrow still initializes its default for the process, so the class path needs one that
 *       works. On JDK 25, {@code arrow-memory-netty} does not.
 *   <li>For all root allocators of a process, by the class path alone: the artifact {@code
 *       allocator-arrow-memory-core}. They share {@link #stack()}.
 *   <li>For all root allocators of a process, by {@link #install(Allocator)} before the first.
 * </ol>
 *
 * <p>The address of every buffer is a multiple of 64. If the allocator aligns to less, each block
 * is up to 63 bytes longer than its buffer; {@code alignment=64} in the layers avoids that.
 *
 * <p>If there is no memory, Arrow throws its {@link org.apache.arrow.memory.OutOfMemoryException},
 * and its counts are unchanged. Closing an allocator while Arrow has buffers of it is an error of
 * the program, and throws a {@link org.jallocator.LeakException}.
 *
 * <p>Shared; may block if the allocator does.
 */
public final class AllocatorArrow {

  private AllocatorArrow() {}

  /**
   * Makes a factory for {@code RootAllocator.configBuilder()}.
   *
   * @param allocator where the memory is from; the caller closes it, after all buffers are released
   * @return the factory, for any number of root allocators
   * @throws IllegalArgumentException if {@code allocator} is confined to a thread
   * @throws IllegalStateException if this version of Arrow does not fit
   * @throws NullPointerException if {@code allocator} is null
   */
  public static AllocationManager.Factory factory(Allocator allocator) {
    Objects.requireNonNull(allocator, "allocator is null");
    if (!allocator.isShared()) {
      throw new IllegalArgumentException(confined("allocator=" + allocator));
    }
    ArrowVersion.requireManagers();
    return new StackFactory(allocator);
  }

  /**
   * {@return the stack that is configured by {@code allocator.stack.arrow}; if nothing is, {@code
   * @general}} One for the process, opened by the first call. The program may close it when all
   * buffers are released; Arrow cannot use it after that. If the system property {@code
   * allocator.arrow.leakcheck} is {@code true}, it is closed when the process ends, and what leaked
   * is printed to {@link System#err}: with the lines of code if the stack has a layer {@code
   * tracked}.
   *
   * @throws AllocatorConfigException if the configuration is wrong, or the stack is confined to a
   *     thread
   */
  public static AllocatorStack stack() {
    return ProcessStack.get();
  }

  /**
   * {@return the factory over {@link #stack()}} For root allocators, and for the class that Arrow
   * looks for on the class path.
   *
   * @throws AllocatorConfigException if the configuration is wrong, or the stack is confined to a
   *     thread
   * @throws IllegalStateException if this version of Arrow does not fit
   */
  public static AllocationManager.Factory defaultFactory() {
    ArrowVersion.requireManagers();
    return ProcessStack.factory();
  }

  /**
   * Makes {@link #stack()} the default of all root allocators of this process. Does nothing if it
   * is already, by an earlier call or by the class path.
   *
   * @throws AllocatorConfigException if the configuration is wrong, or the stack is confined to a
   *     thread
   * @throws IllegalStateException if Arrow has another default already, or if this version of Arrow
   *     does not fit
   */
  public static void install() {
    install(stack().allocator());
  }

  /**
   * Makes an allocator the default of all root allocators of this process. Does nothing if it is
   * already. To be called before anything else of Arrow is used. On the module path it takes {@code
   * --add-opens org.apache.arrow.memory.core/org.apache.arrow.memory=org.jallocator.arrow}.
   *
   * @param allocator where the memory is from; it must stay open as long as Arrow is used
   * @throws IllegalArgumentException if {@code allocator} is confined to a thread
   * @throws IllegalStateException if Arrow has another default already, or if this version of Arrow
   *     does not fit, or if Arrow failed to start in this process before
   * @throws NullPointerException if {@code allocator} is null
   */
  public static synchronized void install(Allocator allocator) {
    AllocationManager.Factory factory = factory(allocator);
    Field field = ArrowVersion.defaultFactory();
    try {
      Object present = field.get(null);
      if (present instanceof StackFactory ours && ours.allocator() == allocator) {
        return;
      }
      if (present != null) {
        throw new IllegalStateException(
            "allocator-arrow: Arrow has a default already: present="
                + present.getClass().getName()
                + ", remedy=install before the first RootAllocator");
      }
      field.set(null, factory);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e); // it was made accessible
    }
    fix();
  }

  /** Makes Arrow read its default now, so that a failure is thrown here, not in the user's code. */
  private static void fix() {
    try {
      RootAllocator.configBuilder();
    } catch (LinkageError e) {
      throw new IllegalStateException(
          "allocator-arrow: Arrow failed to start in this process before:"
              + " remedy=install before the first RootAllocator",
          e);
    }
  }

  /**
   * Hands a block to Arrow without a copy. The thread that releases the last reference to the
   * buffer frees it.
   *
   * @param target the allocator of Arrow that counts the bytes
   * @param allocator what the block is from
   * @param address the block; after an error of any kind it is still the caller's
   * @param size the size of the block in bytes, as it was asked for
   * @return a buffer of {@code size} readable bytes
   * @throws IllegalArgumentException if {@code allocator} is confined to a thread, or {@code size}
   *     is less than 1
   * @throws org.apache.arrow.memory.OutOfMemoryException if it is more than the limits of {@code
   *     target} allow
   * @throws NullPointerException if an argument is null
   */
  public static ArrowBuf wrap(
      BufferAllocator target, Allocator allocator, long address, long size) {
    Objects.requireNonNull(target, "target is null");
    Objects.requireNonNull(allocator, "allocator is null");
    if (!allocator.isShared()) {
      throw new IllegalArgumentException(confined("allocator=" + allocator));
    }
    if (size < 1) {
      throw AllocatorErrors.sizeTooSmall("allocator-arrow", size);
    }
    LentBlock block = new LentBlock(allocator, address, size);
    ArrowBuf buffer = target.wrapForeignAllocation(block);
    block.taken();
    return buffer;
  }

  static String confined(String what) {
    return "allocator-arrow: the allocator is confined to one thread, and Arrow releases buffers"
        + " from any: "
        + what
        + ", remedy=shared=true";
  }
}
