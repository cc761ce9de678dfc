package org.jallocator.spi;

import org.jspecify.annotations.Nullable;

/**
 * The contract's errors in the contract's words, for all implementations. Each method makes the
 * throwable and leaves throwing to the caller: {@code throw AllocatorErrors.sizeTooSmall(...)}.
 */
public final class AllocatorErrors {

  private AllocatorErrors() {}

  /**
   * {@return the error for a size of less than one byte}
   *
   * @param layer the name of the allocator that refuses
   * @param size the size asked for, in bytes
   */
  public static IllegalArgumentException sizeTooSmall(String layer, long size) {
    return new IllegalArgumentException(
        layer + ": size is less than one byte: size=" + size + ", limit=1");
  }

  /**
   * {@return the error for a size of more than the allocator serves}
   *
   * @param layer the name of the allocator that refuses
   * @param size the size asked for, in bytes
   * @param limitName the name of the limit, such as {@code blockSize}
   * @param limit the limit, in bytes
   */
  public static IllegalArgumentException sizeTooLarge(
      String layer, long size, String limitName, long limit) {
    return new IllegalArgumentException(
        layer + ": size exceeds " + limitName + ": size=" + size + ", limit=" + limit);
  }

  /**
   * {@return the error for a leaf that has no memory}
   *
   * @param layer the name of the allocator that cannot serve
   * @param size the size asked for, in bytes
   */
  public static OutOfMemoryError outOfMemory(String layer, long size) {
    return new OutOfMemoryError(layer + ": no memory: size=" + size);
  }

  /**
   * {@return the error for an inner allocator that has no memory}
   *
   * @param layer the name of the allocator that cannot serve
   * @param size the size asked for, in bytes
   * @param reserved the bytes that the allocator holds from its inner
   * @param cause what the inner threw, or null iff it returned NULL
   */
  @SuppressWarnings("exports") // the annotation need not be there
  public static OutOfMemoryError outOfMemory(
      String layer, long size, long reserved, @Nullable Throwable cause) {
    OutOfMemoryError error =
        new OutOfMemoryError(layer + ": no memory: size=" + size + ", reserved=" + reserved);
    if (cause != null) {
      error.initCause(cause);
    }
    return error;
  }

  /**
   * {@return the error for the use of a closed allocator}
   *
   * @param layer the name of the allocator
   */
  public static IllegalStateException closed(String layer) {
    return new IllegalStateException(layer + ": allocator is closed");
  }

  /**
   * {@return the error for the use of a confined allocator by another thread than its owner}
   *
   * @param layer the name of the allocator
   * @param owner the thread that made it
   */
  public static IllegalStateException wrongThread(String layer, Thread owner) {
    return new IllegalStateException(
        layer
            + ": allocator is confined to its owner thread: owner="
            + owner
            + ", caller="
            + Thread.currentThread());
  }

  /**
   * {@return the error for the use of a confined allocator by another thread than its owner}
   *
   * @param layer the name of the allocator
   * @param owner the thread that made it
   * @param remedy the option that makes the allocator one for all threads, such as {@code
   *     shared=true}
   */
  public static IllegalStateException wrongThread(String layer, Thread owner, String remedy) {
    return new IllegalStateException(wrongThread(layer, owner).getMessage() + ", remedy=" + remedy);
  }
}
