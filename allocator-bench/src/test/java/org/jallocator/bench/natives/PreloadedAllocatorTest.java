package org.jallocator.bench.natives;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jallocator.bench.replay.ReplayFork;
import org.jallocator.bench.threads.ThreadWorkload;
import org.jallocator.bench.threads.ThreadsFork;
import org.jallocator.bench.trace.Trace;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The C program, and how it is found, started and believed. */
class PreloadedAllocatorTest {

  @TempDir private Path directory;

  private final StringWriter err = new StringWriter();

  private static Trace trace(int[] slots, long[] sizes) {
    return new Trace("t", slots.length, slots, sizes, new int[slots.length]);
  }

  private ReplayFork replay(PreloadedAllocator stack, Trace trace) {
    return ReplayFork.inC(stack, trace, false, new PrintWriter(err));
  }

  private static List<String> run(PreloadedAllocator stack, String... arguments) {
    List<String> answers = new ArrayList<>();
    stack.run(List.of(arguments), answers::add);
    return answers;
  }

  private static String failure(PreloadedAllocator stack, String... arguments) {
    return String.valueOf(
        assertThrows(IllegalStateException.class, () -> run(stack, arguments)).getMessage());
  }

  private List<String> filesLeft() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> String.valueOf(file.getFileName())).toList();
    }
  }

  @Test
  void compilingLeavesTheProgramAlone() throws IOException {
    NativeFixture.compile(directory);
    NativeFixture.compile(directory);

    assertEquals(List.of("malloc-bench"), filesLeft());
  }

  @Test
  void machineWithoutACompilerIsTold() throws IOException {
    NativeMissingException missing =
        assertThrows(
            NativeMissingException.class,
            () -> NativeProgram.compile(List.of("nonesuch"), directory));

    assertEquals(
        "no C compiler: nonesuch (on Debian: apt-get install gcc libc6-dev)", missing.getMessage());
    assertEquals(List.of(), filesLeft());
  }

  @Test
  void compilerThatFailsIsTold() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/bin/false")), "no /bin/false");

    NativeMissingException missing =
        assertThrows(
            NativeMissingException.class,
            () -> NativeProgram.compile(List.of("/bin/false"), directory));

    assertEquals("C compiler fails: /bin/false, exit=1", missing.getMessage());
    assertEquals(List.of(), filesLeft());
  }

  @ParameterizedTest
  @EnumSource
  void allocatorTellsItsVersion(NativeAllocator allocator) {
    PreloadedAllocator stack = NativeFixture.stack(allocator);

    assertTrue(stack.version().matches("\\d+(\\.\\d+)+"), stack.version());
    assertTrue(
        stack.describe().startsWith(allocator.stack() + ": " + stack.version()), stack.describe());
  }

  @Test
  void allocatorWhoseLibraryIsMissingIsNotFound() {
    String failure =
        failure(NativeFixture.mimallocWithoutItsLibrary(), "temporary", "0", "1", "1", "8");

    assertTrue(failure.startsWith("mimalloc is not loaded: malloc=/"), failure);
  }

  @Test
  void mallocOfAnotherIsNotMeasuredUnderAWrongName() {
    PreloadedAllocator jemalloc = NativeFixture.stack(NativeAllocator.JEMALLOC);
    PreloadedAllocator mislabelled =
        new PreloadedAllocator(jemalloc.program(), NativeAllocator.GLIBC, jemalloc.library(), "");

    String failure = failure(mislabelled, "temporary", "0", "1", "1", "8");

    assertTrue(failure.startsWith("malloc is not that of glibc: malloc=/"), failure);
    assertTrue(failure.contains(jemalloc.library()), failure);
  }

  @Test
  void replayChecksItsAllocatorToo() {
    Trace trace = trace(new int[] {0}, new long[] {8});
    try (ReplayFork fork = replay(NativeFixture.mimallocWithoutItsLibrary(), trace)) {
      IllegalStateException failure = assertThrows(IllegalStateException.class, fork::warmUp);

      assertTrue(
          String.valueOf(failure.getMessage())
              .startsWith("replay failed: mimalloc is not loaded: malloc=/"),
          failure.getMessage());
    }
  }

  @Test
  void everyIterationAnswersItsOperationsAndNanoseconds() {
    PreloadedAllocator glibc = NativeFixture.stack(NativeAllocator.GLIBC);

    List<String> temporary = run(glibc, "temporary", "2", "3", "1", "64", "8", "9");
    List<String> grow = run(glibc, "grow", "1", "2", "1", "1000", "8", "9");

    assertEquals(3, temporary.size(), "answers=" + temporary);
    assertEquals(2, grow.size(), "answers=" + grow);
    temporary.forEach(answer -> assertIteration(3, answer));
    grow.forEach(answer -> assertIteration(1000, answer));
  }

  private static void assertIteration(long operationsOfAnInvocation, String answer) {
    String[] numbers = answer.split(" ", -1);
    assertEquals(2, numbers.length, answer);
    assertEquals(0, Long.parseLong(numbers[0]) % operationsOfAnInvocation, answer);
    assertTrue(Long.parseLong(numbers[0]) > 0, answer);
    assertTrue(Long.parseLong(numbers[1]) > 0, answer);
  }

  @Test
  void whatTheProgramDoesNotUnderstandItRefuses() {
    PreloadedAllocator glibc = NativeFixture.stack(NativeAllocator.GLIBC);

    assertEquals(
        "command is unknown, or short of arguments: command=shrink", failure(glibc, "shrink"));
    assertEquals(
        "command is unknown, or short of arguments: command=temporary",
        failure(glibc, "temporary", "1", "1", "1"));
    assertEquals(
        "argument is no whole number: argument=8x",
        failure(glibc, "temporary", "1", "1", "1", "8x"));
    assertEquals(
        "no memory: size=4611686018427387904",
        failure(glibc, "temporary", "0", "1", "1", "" + (1L << 62)));
  }

  @Test
  void replaysTheTraceRoundByRound() {
    PreloadedAllocator glibc = NativeFixture.stack(NativeAllocator.GLIBC);
    Trace trace = trace(new int[] {0, 1, 0, 0, 2}, new long[] {16, 300, 0, 40, 1});

    try (ReplayFork fork = replay(glibc, trace)) {
      fork.warmUp();
      for (int round = 0; round < 3; round++) {
        long nanos = fork.round();
        assertTrue(nanos > 0, "nanos=" + nanos);
      }
    }
  }

  @Test
  void pagesThatAreTouchedAreFaultsOfTheProgram() {
    PreloadedAllocator glibc = NativeFixture.stack(NativeAllocator.GLIBC);
    Trace trace = trace(new int[] {0, 0}, new long[] {64 << 20, 0});

    try (ReplayFork fork = ReplayFork.inC(glibc, trace, true, new PrintWriter(err))) {
      long before = fork.pageFaults();
      fork.round();
      // A huge page is 2 MiB, and then there is one fault for it.
      assertTrue(fork.pageFaults() - before >= 32, "faults=" + (fork.pageFaults() - before));
    }
  }

  @Test
  void whatATraceNeverFreesIsFreedAfterEachRound() throws IOException {
    PreloadedAllocator glibc = NativeFixture.stack(NativeAllocator.GLIBC);
    ProcessBuilder replay =
        glibc.program().process(NativeAllocator.GLIBC, "", List.of("replay", "150000", "0"));

    // Kept, so many blocks of a gigabyte would fill the address space.
    assertEquals(
        "@answer 1\n", answer(replay, bytes(trace(new int[] {0}, new long[] {1L << 30}), 'w')));
  }

  @ParameterizedTest
  @EnumSource(names = {"PAIR", "PAIR_NESTED", "PRODUCER_CONSUMER"})
  void workloadsForThreadsAreServed(ThreadWorkload workload) {
    PreloadedAllocator glibc = NativeFixture.stack(NativeAllocator.GLIBC);

    assertTrue(workload.inC());
    try (ThreadsFork fork = ThreadsFork.inC(glibc, workload, new PrintWriter(err))) {
      for (int threads : List.of(2, 8)) {
        int quota = fork.warmUp(threads, 2);
        assertTrue(quota >= workload.leastQuota(), "quota=" + quota);
        assertTrue(fork.round(threads, quota) > 0);
      }
      assertNull(fork.peakReservedBytes(2, 16));
    }
  }

  @Test
  void workloadThatTheProgramDoesNotKnowIsRefused() {
    PreloadedAllocator glibc = NativeFixture.stack(NativeAllocator.GLIBC);

    try (ThreadsFork fork = ThreadsFork.inC(glibc, ThreadWorkload.MIX, new PrintWriter(err))) {
      IllegalStateException failure =
          assertThrows(IllegalStateException.class, () -> fork.round(2, 1));

      assertEquals(
          "mix on native glibc failed: workload is none of PAIR, PAIR_NESTED, PRODUCER_CONSUMER:"
              + " workload=MIX",
          failure.getMessage());
    }
  }

  @Test
  void emptyTraceIsReplayedInNoTime() {
    PreloadedAllocator glibc = NativeFixture.stack(NativeAllocator.GLIBC);

    try (ReplayFork fork = replay(glibc, trace(new int[0], new long[0]))) {
      fork.warmUp();
      assertTrue(fork.round() >= 0);
    }
  }

  static Stream<Arguments> brokenTraces() {
    return Stream.of(
        Arguments.of("call=1, free of empty slot=1", new int[] {0, 1}, new long[] {8, 0}),
        Arguments.of("call=2, free of empty slot=0", new int[] {0, 0, 0}, new long[] {8, 0, 0}),
        Arguments.of("call=1, malloc into full slot=0", new int[] {0, 0}, new long[] {8, 8}),
        Arguments.of("call=0, slot=2, limit=1", new int[] {2, 0}, new long[] {8, 8}),
        Arguments.of("call=0, slot=4294967295, limit=1", new int[] {-1, 0}, new long[] {8, 8}),
        Arguments.of("call=0, size=-1, limit=0", new int[] {0}, new long[] {-1}));
  }

  @ParameterizedTest
  @MethodSource("brokenTraces")
  void brokenTraceIsRefusedBeforeItIsReplayed(String reason, int[] slots, long[] sizes) {
    PreloadedAllocator glibc = NativeFixture.stack(NativeAllocator.GLIBC);

    try (ReplayFork fork = replay(glibc, trace(slots, sizes))) {
      IllegalStateException failure = assertThrows(IllegalStateException.class, fork::warmUp);

      assertEquals("replay failed: trace is broken: " + reason, failure.getMessage());
    }
  }

  @Test
  void traceThatEndsTooEarlyIsRefused() throws IOException {
    byte[] whole = bytes(trace(new int[] {0, 0}, new long[] {8, 0}));
    PreloadedAllocator glibc = NativeFixture.stack(NativeAllocator.GLIBC);

    assertEquals(
        "@answer failed: input ends too early\n",
        answer(ReplayFork.process(glibc), Arrays.copyOf(whole, whole.length - 1)));
  }

  private static byte[] bytes(Trace trace, int... commands) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeUTF("native glibc");
    out.writeBoolean(false);
    trace.writeTo(out);
    for (int command : commands) {
      bytes.write(command);
    }
    return bytes.toByteArray();
  }

  private static String answer(ProcessBuilder builder, byte[] input) throws IOException {
    Process process = builder.start();
    try (var in = process.getOutputStream()) {
      in.write(input);
    }
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  @Test
  void traceThatIsTooLargeForTheMachineIsRefused() {
    PreloadedAllocator glibc = NativeFixture.stack(NativeAllocator.GLIBC);

    try (ReplayFork fork = replay(glibc, trace(new int[] {0}, new long[] {1L << 60}))) {
      IllegalStateException failure = assertThrows(IllegalStateException.class, fork::warmUp);

      assertEquals("replay failed: no memory: size=1152921504606846976", failure.getMessage());
    }
  }
}
