package org.jallocator.diagnostics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jallocator.Allocator;
import org.jallocator.Arena;
import org.jallocator.InvalidFreeException;
import org.jallocator.InvalidFreeException.Reason;
import org.jallocator.LeakException;
import org.jallocator.spi.NativeAccess;
import org.jallocator.testkit.RecordingAllocator;
import org.jallocator.testkit.RecordingAllocator.FreeFailure;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What guarded finds, over invented memory. */
final class GuardedAllocatorTest {

  private static final int SIZE = 256;
  private static final int REPORT_LINE = 1 << 10;

  private final RecordingAllocator inner = RecordingAllocator.create();
  private final FakeMemory memory = new FakeMemory();

  private GuardedAllocator guarded(long quarantine) {
    return GuardedAllocator.builder(new Plain(inner)).access(memory).quarantine(quarantine).build();
  }

  @Test
  void aByteBehindTheBlockIsAnOverrunAndASecondFreeSucceeds() {
    GuardedAllocator guarded = guarded(0);
    long address = guarded.malloc(40);
    memory.put(address + 40, 0x55 ^ memory.get(address + 40));
    InvalidFreeException e = assertThrows(InvalidFreeException.class, () -> guarded.free(address));
    assertEquals(Reason.OVERRUN, e.reason());
    assertTrue(String.valueOf(e.getMessage()).contains("offset=40, bytes=1"), e.getMessage());
    guarded.free(address);
    guarded.close();
    inner.assertEverythingReturned();
  }

  @Test
  void aByteBeforeTheBlockIsAnUnderrun() {
    GuardedAllocator guarded = guarded(0);
    long address = guarded.malloc(40);
    memory.put(address - 1, 0x55 ^ memory.get(address - 1));
    InvalidFreeException e = assertThrows(InvalidFreeException.class, () -> guarded.free(address));
    assertEquals(Reason.UNDERRUN, e.reason());
    assertTrue(String.valueOf(e.getMessage()).contains("offset=-1, bytes=1"), e.getMessage());
    guarded.free(address);
    guarded.close();
  }

  @Test
  void aWriteAfterFreeIsFoundWhenTheBlockLeavesTheQuarantine() {
    GuardedAllocator guarded = guarded(100);
    long first = guarded.malloc(40);
    long second = guarded.malloc(40);
    guarded.free(first);
    memory.put(first + 7, 1);
    InvalidFreeException e = assertThrows(InvalidFreeException.class, () -> guarded.free(second));
    assertEquals(Reason.USE_AFTER_FREE, e.reason());
    assertEquals(first, e.address());
    assertTrue(String.valueOf(e.getMessage()).contains("offset=7, bytes=1"), e.getMessage());
    guarded.free(second);
    guarded.close();
    inner.assertEverythingReturned();
  }

  @Test
  void closeTellsAllFindingsInOneExceptionAndIsClosed() {
    GuardedAllocator guarded = guarded(1000);
    long first = guarded.malloc(40);
    long second = guarded.malloc(40);
    guarded.free(first);
    guarded.free(second);
    memory.put(first, 1);
    memory.put(second + 39, 1);
    IllegalStateException checked = assertThrows(IllegalStateException.class, guarded::check);
    assertTrue(String.valueOf(checked.getMessage()).contains("findings=2"), checked.getMessage());
    IllegalStateException e = assertThrows(IllegalStateException.class, guarded::close);
    assertTrue(String.valueOf(e.getMessage()).contains("findings=2"), e.getMessage());
    guarded.close();
    inner.assertEverythingReturned();
  }

  @Test
  void aLiveBlockIsReleasedAlsoIfTheQuarantineIsFullAndWasWrittenTo() {
    GuardedAllocator guarded = guarded(100);
    long freed = guarded.malloc(40);
    long overrun = guarded.malloc(40);
    guarded.free(freed);
    memory.put(freed, 1);
    memory.put(overrun + 40, ~memory.get(overrun + 40));
    LeakException leak = assertThrows(LeakException.class, guarded::closeAndRelease);
    assertEquals(1, leak.getSuppressed().length);
    String found = String.valueOf(leak.getSuppressed()[0].getMessage());
    assertTrue(found.contains("findings=2"), found);
    inner.assertEverythingReturned();
    guarded.closeAndRelease();
  }

  @Test
  void whatTheQuarantineFoundIsToldAlsoIfTheInnerRefusesAnotherBlockOfIt() {
    GuardedAllocator guarded = guarded(1000);
    long first = guarded.malloc(40);
    long second = guarded.malloc(40);
    guarded.free(first);
    guarded.free(second);
    memory.put(first, 1);
    inner.failFreeOnce(2, FreeFailure.REFUSES);
    IllegalStateException e = assertThrows(IllegalStateException.class, guarded::trim);
    assertEquals(1, e.getSuppressed().length);
    String found = String.valueOf(e.getSuppressed()[0].getMessage());
    assertTrue(found.contains("findings=1"), found);
    guarded.close();
    inner.assertEverythingReturned();
  }

  @Test
  void whatWasOverwrittenIsToldAlsoIfTheInnerThrowsWhenItsBlockGoesBack() {
    for (int round = 0; round < 3; round++) {
      GuardedAllocator guarded = guarded(100);
      long first = guarded.malloc(40);
      long second = guarded.malloc(40);
      guarded.free(first);
      memory.put(first, 1);
      inner.failFreeOnce(1, FreeFailure.THROWS_RUNTIME_EXCEPTION_AFTER_TAKING);
      Executable call =
          List.<Executable>of(guarded::trim, guarded::closeAndRelease, () -> guarded.free(second))
              .get(round);
      Throwable thrown = assertThrows(RuntimeException.class, call);
      boolean told = false;
      for (Throwable each : thrown.getSuppressed()) {
        told |= String.valueOf(each.getMessage()).contains("findings=1");
      }
      assertTrue(told, thrown::toString);
      try {
        guarded.closeAndRelease();
      } catch (LeakException e) {
        assertEquals(1, e.liveBlocks());
      }
      inner.assertEverythingReturned();
    }
  }

  @Test
  void aBlockThatTheInnerRefusesKeepsNoOtherOneInTheQuarantine() {
    GuardedAllocator guarded = guarded(1000);
    long[] blocks = {guarded.malloc(40), guarded.malloc(40), guarded.malloc(40)};
    for (long block : blocks) {
      guarded.free(block);
    }
    inner.failFreeOnce(2, FreeFailure.REFUSES);
    assertThrows(IllegalStateException.class, guarded::trim);
    assertEquals(1, inner.stats().liveBlocks());
    guarded.free(guarded.malloc(40));
    guarded.trim();
    assertEquals(0, inner.stats().liveBlocks());
    guarded.close();
  }

  @Test
  void aStrandedBlockThatTheInnerRefusesAtTheLastCloseGoesBackAtTheNext() {
    for (int round = 0; round < 2; round++) {
      GuardedAllocator guarded =
          GuardedAllocator.builder(new Plain(inner)).access(failing(() -> {})).build();
      inner.failFreesFrom(1, FreeFailure.REFUSES);
      assertThrows(OutOfMemoryError.class, () -> guarded.malloc(SIZE));
      guarded.closeAndRelease();
      assertEquals(1, inner.stats().liveBlocks());
      inner.stopFailing();
      if (round == 0) {
        guarded.closeAndRelease();
      } else {
        guarded.close();
      }
      inner.assertEverythingReturned();
    }
  }

  /** An inner that calls a refusal by another name: a bad argument, but no word of the block. */
  @Test
  void aRefusalIsARefusalWhateverTheInnerCallsIt() {
    AtomicReference<@Nullable RuntimeException> refusal = new AtomicReference<>();
    GuardedAllocator guarded =
        GuardedAllocator.builder(refusing(refusal)).access(memory).quarantine(100).build();
    long first = guarded.malloc(40);
    long second = guarded.malloc(40);
    guarded.free(first);
    for (RuntimeException e :
        List.of(
            new IllegalArgumentException("not now"),
            new IllegalStateException("not now"),
            new InvalidFreeException("refusing", 16, 1, 2))) {
      refusal.set(e);
      assertThrows(RuntimeException.class, guarded::trim);
      assertEquals(2, inner.stats().liveBlocks());
      assertEquals(inner.stats().liveBytes(), guarded.stats().reservedBytes());
    }
    guarded.free(second); // held back beside the first, which the inner refuses
    refusal.set(null);
    guarded.close();
    inner.assertEverythingReturned();
  }

  @Test
  void aStrandedBlockStaysIfTheInnerRefusesItWhateverItCallsThat() {
    AtomicReference<@Nullable RuntimeException> refusal = new AtomicReference<>();
    GuardedAllocator guarded =
        GuardedAllocator.builder(refusing(refusal)).access(failing(() -> {})).build();
    assertThrows(OutOfMemoryError.class, () -> guarded.malloc(SIZE));
    refusal.set(new IllegalArgumentException("not now"));
    assertEquals(0, guarded.trim());
    assertEquals(1, inner.stats().liveBlocks());
    refusal.set(null);
    guarded.close();
    inner.assertEverythingReturned();
  }

  /** The inner, whose frees throw what there is to be thrown, and take nothing then. */
  private Allocator refusing(AtomicReference<@Nullable RuntimeException> refusal) {
    return (Allocator)
        Proxy.newProxyInstance(
            Allocator.class.getClassLoader(),
            new Class<?>[] {Allocator.class},
            (proxy, method, arguments) -> {
              RuntimeException e = refusal.get();
              if (method.getName().equals("free") && e != null) {
                throw e;
              }
              return method.invoke(inner, arguments);
            });
  }

  @Test
  void whatAScopeOverwroteIsToldAlsoIfItsFencesCannotBeMended() {
    AtomicReference<@Nullable Error> error = new AtomicReference<>();
    NativeAccess access =
        (NativeAccess)
            Proxy.newProxyInstance(
                NativeAccess.class.getClassLoader(),
                new Class<?>[] {NativeAccess.class},
                (proxy, method, arguments) -> {
                  Error e = error.get();
                  if (method.getName().equals("write") && e != null) {
                    throw e;
                  }
                  return method.invoke(memory, arguments);
                });
    Arena guarded = (Arena) GuardedAllocator.builder(new TestArena(inner)).access(access).build();
    long block = guarded.malloc(40);
    memory.put(block + 40, ~memory.get(block + 40));
    error.set(new OutOfMemoryError("planned"));
    for (int i = 0; i < 2; i++) { // the second time there is room, and all is found again
      IllegalStateException e = assertThrows(IllegalStateException.class, guarded::freeAll);
      assertTrue(String.valueOf(e.getMessage()).contains("findings=1"), e.getMessage());
      error.set(null);
    }
    guarded.freeAll();
    guarded.close();
    inner.assertEverythingReturned();
  }

  @Test
  void trackedOutsideAndInsideNamesTheSiteOfAnOverrun() {
    TrackedAllocator outside = TrackedAllocator.create(guarded(0));
    long address = outside.malloc(24);
    memory.put(address + 24, ~memory.get(address + 24));
    InvalidFreeException e = assertThrows(InvalidFreeException.class, () -> outside.free(address));
    assertEquals(Reason.OVERRUN, e.reason());
    assertTrue(String.valueOf(e.getMessage()).contains("allocated by thread"), e.getMessage());
    outside.free(address);

    GuardedAllocator over =
        GuardedAllocator.builder(TrackedAllocator.create(new Plain(inner))).access(memory).build();
    long other = over.malloc(24);
    memory.put(other + 24, ~memory.get(other + 24));
    e = assertThrows(InvalidFreeException.class, () -> over.free(other));
    assertTrue(String.valueOf(e.getMessage()).contains("allocated by thread"), e.getMessage());
    over.free(other);
  }

  @Test
  void withPagesTheFirstByteBehindAndEveryByteAfterFreeFaults() {
    GuardedAllocator guarded =
        GuardedAllocator.builder(new Plain(inner)).access(memory).pages(true).build();
    long address = guarded.malloc(64);
    memory.put(address + 63, 1);
    assertEquals(
        address + 64,
        assertThrows(FakeMemory.Fault.class, () -> memory.put(address + 64, 1)).address);
    guarded.free(address);
    assertThrows(FakeMemory.Fault.class, () -> memory.get(address));
    guarded.close();
    assertEquals(0, memory.mappings());
  }

  @Test
  void theReportIsAsLongAsTheMostBlocksAtATime(@TempDir Path folder) throws IOException {
    int most = 10;
    Path file = folder.resolve("guarded.txt");
    GuardedAllocator guarded =
        GuardedAllocator.builder(new Plain(inner))
            .access(memory)
            .fence(16)
            .quarantine((most - 1) * (SIZE + 32L))
            .report(file)
            .build();
    for (int i = 0; i < 5 * most; i++) {
      guarded.free(guarded.malloc(SIZE));
    }
    assertEquals(most, Files.size(file) / REPORT_LINE);
    long live = guarded.malloc(SIZE);
    String said = GuardReport.find(file, live).orElseThrow();
    assertTrue(said.contains("a live block"), said);
    guarded.free(live);
    guarded.close();
  }

  @Test
  void theReportIsReadAlsoIfALineIsCutInTheMiddleOfACharacter(@TempDir Path folder)
      throws Exception {
    Path file = folder.resolve("guarded.txt");
    GuardedAllocator guarded =
        GuardedAllocator.builder(new Plain(inner)).access(memory).report(file).build();
    long[] blocks = new long[2];
    for (int i = 0; i < blocks.length; i++) { // one of them is cut in a character of two bytes
      int number = i;
      Thread named = new Thread(() -> blocks[number] = guarded.malloc(SIZE));
      named.setName("a".repeat(i) + "\u00e9".repeat(REPORT_LINE));
      named.start();
      named.join();
    }
    for (long block : blocks) {
      assertTrue(GuardReport.find(file, block).orElseThrow().contains("a live block"));
      guarded.free(block);
    }
    guarded.close();
  }

  @Test
  void theLogOfAProcessThatDiedIsReadWhateverItsEncoding(@TempDir Path folder) throws IOException {
    Path log = folder.resolve("hs_err.log");
    Files.write(log, "user: \u00e9\n si_addr: 0x10 ".getBytes(StandardCharsets.ISO_8859_1));
    assertEquals(Optional.of(16L), GuardReport.faultAddress(log));
  }

  @Test
  void theReportSaysThatABlockIsLiveAfterAFreeOfItFailed(@TempDir Path folder) {
    Path file = folder.resolve("guarded.txt");
    GuardedAllocator guarded =
        GuardedAllocator.builder(new Plain(inner))
            .access(memory)
            .quarantine(0)
            .report(file)
            .build();
    long block = guarded.malloc(SIZE);
    String before = GuardReport.find(file, block).orElseThrow();
    inner.failFreeOnce(1, FreeFailure.REFUSES);
    assertThrows(IllegalStateException.class, () -> guarded.free(block));
    assertEquals(before, GuardReport.find(file, block).orElseThrow());
    guarded.free(block);
    assertEquals(Optional.empty(), GuardReport.find(file, block));
    guarded.close();
  }

  @Test
  void theReportForgetsBlocksThatAnArenaEnds(@TempDir Path folder) throws IOException {
    int most = 10;
    Path file = folder.resolve("guarded.txt");
    try (TestArena arena = new TestArena(inner);
        Arena guarded =
            (Arena) GuardedAllocator.builder(arena).access(memory).report(file).build()) {
      for (int i = 0; i < 5; i++) {
        for (int block = 0; block < most; block += 2) {
          guarded.free(guarded.malloc(SIZE));
          assertTrue(guarded.malloc(SIZE) != 0);
        }
        guarded.freeAll();
      }
      assertEquals(most, Files.size(file) / REPORT_LINE);
    }
    inner.assertEverythingReturned();
  }

  /** The order of frees, in which blocks are held back, is not that of mallocs. */
  @Test
  void aBlockThatOutlivesAScopeIsHeldBackAlsoBehindOneThatTheScopeEnds() {
    GuardedAllocator guarded =
        GuardedAllocator.builder(new TestArena(inner)).access(memory).build();
    Arena arena = (Arena) guarded;
    long outside = arena.malloc(SIZE);
    long mark = arena.mark();
    arena.free(arena.malloc(SIZE));
    arena.free(outside);
    arena.release(mark);
    arena.free(arena.malloc(SIZE));
    assertEquals(2, inner.stats().liveBlocks());
    assertEquals(inner.stats().liveBytes(), guarded.trim());
    assertEquals(0, inner.stats().liveBlocks());
    guarded.close();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void theBytesHeldBackAreThoseOfTheInnerWhateverTheOrderOfFreesAndScopes(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    GuardedAllocator guarded =
        GuardedAllocator.builder(new TestArena(inner)).access(memory).quarantine(2000).build();
    Arena arena = (Arena) guarded;
    List<Long> marks = new ArrayList<>();
    for (int step = 0; step < 5_000; step++) {
      long[] live = arena.liveAddresses(Integer.MAX_VALUE);
      switch (random.nextInt(5)) {
        case 0, 1 -> assertTrue(arena.malloc(1 + random.nextInt(40)) != 0);
        case 2 -> arena.free(live.length == 0 ? 0 : live[random.nextInt(live.length)]);
        case 3 -> marks.add(arena.mark());
        default -> {
          if (!marks.isEmpty()) {
            int from = random.nextInt(marks.size());
            arena.release(marks.get(from));
            marks.subList(from, marks.size()).clear();
          }
        }
      }
      String trial = "seed=" + seed + ", step=" + step;
      assertEquals(inner.stats().liveBytes(), guarded.stats().reservedBytes(), trial);
      if (step % 50 == 0) {
        long before = inner.stats().liveBytes();
        assertEquals(guarded.trim(), before - inner.stats().liveBytes(), trial);
        assertEquals(guarded.stats().liveBlocks(), inner.stats().liveBlocks(), trial);
      }
    }
    arena.freeAll();
    guarded.close();
    inner.assertEverythingReturned();
  }

  @Test
  void aBlockThatIsStrandedWhileAnotherThreadClosesGoesBack() throws Exception {
    CountDownLatch filling = new CountDownLatch(1);
    AtomicReference<@Nullable Thread> closer = new AtomicReference<>();
    GuardedAllocator guarded =
        GuardedAllocator.builder(new Plain(inner))
            .access(
                failing(
                    () -> {
                      filling.countDown();
                      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
                      while (!isWaiting(closer.get()) && System.nanoTime() < end) {
                        LockSupport.parkNanos(1_000_000);
                      }
                    }))
            .build();
    FutureTask<OutOfMemoryError> allocating =
        new FutureTask<>(() -> assertThrows(OutOfMemoryError.class, () -> guarded.malloc(SIZE)));
    new Thread(allocating).start();
    filling.await();
    closer.set(Thread.currentThread());
    guarded.close(); // waits for the malloc, which waits until this waits
    String thrown = String.valueOf(allocating.get().getCause());
    assertTrue(thrown.contains("no memory to fill a block"), thrown);
    inner.assertEverythingReturned();
  }

  /** The memory, without any for what is to be filled, after something was done. */
  private NativeAccess failing(Runnable first) {
    return (NativeAccess)
        Proxy.newProxyInstance(
            NativeAccess.class.getClassLoader(),
            new Class<?>[] {NativeAccess.class},
            (proxy, method, arguments) -> {
              if (!method.getName().equals("fill")) {
                return method.invoke(memory, arguments);
              }
              first.run();
              throw new OutOfMemoryError("no memory to fill a block");
            });
  }

  private static boolean isWaiting(@Nullable Thread thread) {
    return thread != null && thread.getState() == Thread.State.TIMED_WAITING;
  }

  @Test
  void theFileOfTheReportIsClosedAlsoIfBlocksLeak(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("guarded.txt");
    GuardedAllocator guarded =
        GuardedAllocator.builder(new Plain(inner)).access(memory).report(file).build();
    long unused = guarded.malloc(SIZE);
    assumeTrue(isOpen(file)); // else the system does not tell
    assertThrows(LeakException.class, guarded::closeAndRelease);
    assertFalse(isOpen(file));
    inner.assertEverythingReturned();
  }

  /** {@return whether this process has a file open, as far as the system tells} */
  private static boolean isOpen(Path file) throws IOException {
    Path descriptors = Path.of("/proc/self/fd");
    if (!Files.isDirectory(descriptors)) {
      return false;
    }
    try (Stream<Path> all = Files.list(descriptors)) {
      return all.filter(Files::exists).anyMatch(open -> isSame(open, file));
    }
  }

  private static boolean isSame(Path open, Path file) {
    try {
      return Files.isSameFile(open, file);
    } catch (IOException gone) {
      return false;
    }
  }
}
