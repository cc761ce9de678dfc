package org.jallocator.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jallocator.Allocator;
import org.jallocator.OwningAllocator;
import org.jallocator.fixedblock.FallbackAllocator;
import org.jallocator.fixedblock.FixedBlockAllocator;
import org.jallocator.fixedblock.SizeClassAllocator;
import org.jallocator.jna.DefaultAllocator;
import org.jallocator.testkit.RecordingAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every block of a shared allocator is filled with its owner's stamp, in C's memory, and is checked
 * whole before it is freed: by its owner, or by whoever it was handed to.
 *
 * <p>All pages lie in one block of C's malloc, so that one buffer reaches every word of them: a
 * crossing for each would be most of the run, and hide the races.
 */
final class StampedBlocksTest {

  private static final long SEED = 20261123;

  private static final int SLAB_BYTES = 1 << 29;

  /** Mallocs of each form; with their frees twice as many operations. */
  private static final int MALLOCS = 5_100_000;

  private static final int THREADS = 4;
  private static final int VIRTUAL_THREADS = 1000;
  private static final int MALLOCS_OF_VIRTUAL_THREADS = 2_000_000;

  private final DefaultAllocator c = new DefaultAllocator();
  private final long slab = c.malloc(SLAB_BYTES);
  private final ByteBuffer words =
      new Pointer(slab).getByteBuffer(0, SLAB_BYTES).order(java.nio.ByteOrder.nativeOrder());

  private final RecordingAllocator pages =
      RecordingAllocator.builder()
          .baseAddress(slab)
          .exactlyAligned(false)
          .reusesAddresses(true)
          .refusesWrongFrees(true)
          .build();

  /** Blocks on their way from one thread to another. */
  private final AtomicLongArray exchange = new AtomicLongArray(500);

  private final Queue<String> errors = new ConcurrentLinkedQueue<>();

  /** What is tried. */
  enum Form {
    FIXED_BLOCKS(256) {
      @Override
      Allocator over(Allocator inner, OwningAllocator[] below) {
        return FixedBlockAllocator.builder(inner).blockSize(256).shared().build();
      }
    },
    SIZE_CLASSES(600) {
      @Override
      Allocator over(Allocator inner, OwningAllocator[] below) {
        return SizeClassAllocator.builder(inner).shared().heaps(2).build();
      }
    },
    FALLBACK(600) {
      @Override
      Allocator over(Allocator inner, OwningAllocator[] below) {
        below[0] = SizeClassAllocator.builder(inner).maxSize(512).shared().heaps(4).build();
        return FallbackAllocator.create(below[0], inner);
      }
    };

    private final int maxSize;

    Form(int maxSize) {
      this.maxSize = maxSize;
    }

    abstract Allocator over(Allocator inner, OwningAllocator[] below);
  }

  @BeforeEach
  void expectRoom() {
    assertTrue(pages.alignment() <= c.alignment(), "the slab is aligned as its pages are");
  }

  @AfterEach
  void giveBack() {
    c.free(slab, SLAB_BYTES);
    c.close();
  }

  @ParameterizedTest
  @EnumSource
  void everyBlockKeepsItsStampOnPlatformThreads(Form form) throws InterruptedException {
    run(form, Executors.newFixedThreadPool(THREADS), THREADS, MALLOCS / THREADS, 800);
  }

  @Test
  void everyBlockKeepsItsStampOnVirtualThreads() throws Exception {
    assumeTrue(Runtime.version().feature() >= 21, "no virtual threads");
    ExecutorService threads =
        (ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
    int each = MALLOCS_OF_VIRTUAL_THREADS / VIRTUAL_THREADS;
    run(Form.FALLBACK, threads, VIRTUAL_THREADS, each, 20);
  }

  private void run(Form form, ExecutorService threads, int count, int mallocs, int slots)
      throws InterruptedException {
    OwningAllocator[] below = new OwningAllocator[1];
    Allocator allocator = form.over(pages, below);
    for (int i = 0; i < count; i++) {
      int owner = i;
      threads.execute(
          () -> {
            try {
              replaceRandomBlocks(allocator, owner, mallocs, slots, form.maxSize);
            } catch (RuntimeException | Error e) {
              errors.add(owner + ": " + e);
            }
          });
    }
    threads.shutdown();
    assertTrue(threads.awaitTermination(60, TimeUnit.SECONDS), "threads do not end");
    for (int i = 0; i < exchange.length(); i++) {
      checkAndFree(allocator, exchange.get(i));
    }
    assertEquals("[]", errors.stream().limit(5).toList().toString(), "seed=" + SEED);
    allocator.close();
    if (below[0] != null) {
      below[0].close();
    }
    pages.assertEverythingReturned();
  }

  /** As a server: replaces one of its blocks after another, and hands one in eight to others. */
  private void replaceRandomBlocks(
      Allocator allocator, int owner, int mallocs, int slots, int maxSize) {
    SplittableRandom random = new SplittableRandom(SEED + owner);
    long[] mine = new long[slots];
    for (int i = 0; i < mallocs; i++) {
      int slot = random.nextInt(slots);
      checkAndFree(allocator, mine[slot]);
      int size = 16 + random.nextInt(random.nextInt(8) == 0 ? maxSize - 15 : 64);
      long address = allocator.malloc(size);
      stamp(address, size, owner);
      if (random.nextInt(8) == 0) {
        address = exchange.getAndSet(random.nextInt(exchange.length()), address);
      }
      mine[slot] = address;
    }
    for (long address : mine) {
      checkAndFree(allocator, address);
    }
  }

  /** Fills a block: its owner and size first, then words that these and the address tell. */
  private void stamp(long address, int size, int owner) {
    int at = (int) (address - slab);
    long head = (long) owner << Integer.SIZE | size;
    words.putLong(at, head);
    for (int i = 8; i + 8 <= size; i += 8) {
      words.putLong(at + i, mix(head, address + i));
    }
    for (int i = size & -8; i < size; i++) {
      words.put(at + i, (byte) mix(head, address + i));
    }
  }

  private static long mix(long head, long address) {
    return head * 0x9E3779B97F4A7C15L ^ address;
  }

  private void checkAndFree(Allocator allocator, long address) {
    if (address == Allocator.NULL) {
      return;
    }
    int at = (int) (address - slab);
    long head = words.getLong(at);
    int size = (int) head;
    boolean whole = size >= 16 && size <= 1024;
    for (int i = 8; whole && i + 8 <= size; i += 8) {
      whole = words.getLong(at + i) == mix(head, address + i);
    }
    for (int i = size & -8; whole && i < size; i++) {
      whole = words.get(at + i) == (byte) mix(head, address + i);
    }
    if (!whole) {
      errors.add("overwritten: 0x" + Long.toHexString(address) + ", size=" + size);
      return;
    }
    words.putLong(at, 0); // whoever frees it again finds no stamp
    if ((size & 1) == 0) {
      allocator.free(address, size);
    } else {
      allocator.free(address);
    }
  }
}
