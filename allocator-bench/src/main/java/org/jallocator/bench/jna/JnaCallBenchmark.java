package org.jallocator.bench.jna;

import com.sun.jna.Memory;
import com.sun.jna.ptr.ByReference;
import com.sun.jna.ptr.DoubleByReference;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jallocator.jna.NativeScope;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Calls into C with arguments that need native memory: as plain JNA does it, and as we do.
 *
 * <p>A whole call by interface mapping is in each figure, and it costs JNA several times what
 * memory costs us. What is unfair is what {@link JnaMemoryBenchmark} says. The memory of a String
 * argument cannot be closed in plain JNA: it is always left to the cleaner.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 3, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class JnaCallBenchmark {

  private static final CLibrary LIBRARY = CLibrary.load(Map.of());

  private static final double NUMBER = 12;

  private static final String FORMAT = "ok";
  private static final String TEXT = "/usr/share/zoneinfo/UTC";
  private static final String[] TEXTS = {"ls", "-l", "--color=never", TEXT};

  private static final int BUFFER_SIZE = 64;

  /** Made by JMH. */
  public JnaCallBenchmark() {}

  /**
   * Passes a structure on JNA's memory, and closes that.
   *
   * @return what C says
   */
  @Benchmark
  public int structArgumentJna() {
    SmallStruct struct = new SmallStruct();
    int result = LIBRARY.strlen(struct);
    ((Memory) struct.getPointer()).close();
    return result;
  }

  /**
   * Passes a structure on JNA's memory, and leaves that to the cleaner.
   *
   * @param backlog gives the cleaner time after each iteration
   * @return what C says
   */
  @Benchmark
  public int structArgumentJnaLeft(CleanerBacklog backlog) {
    return LIBRARY.strlen(new SmallStruct());
  }

  /**
   * Passes a structure of a nested scope.
   *
   * @param stacks the thread's own
   * @return what C says
   */
  @Benchmark
  public int structArgumentNested(ConfinedStacks stacks) {
    try (NativeScope scope = stacks.scope.nested()) {
      return LIBRARY.strlen(scope.struct(SmallStruct.class));
    }
  }

  /**
   * Has C write where a by-reference on JNA's memory points, and closes that.
   *
   * @return what C says
   */
  @Benchmark
  public double outArgumentJna() {
    IntByReference exponent = new IntByReference();
    double result = frexp(exponent);
    close(exponent);
    return result;
  }

  /**
   * Has C write where a by-reference on JNA's memory points, and leaves that to the cleaner.
   *
   * @param backlog gives the cleaner time after each iteration
   * @return what C says
   */
  @Benchmark
  public double outArgumentJnaLeft(CleanerBacklog backlog) {
    return frexp(new IntByReference());
  }

  /**
   * Has C write where a by-reference of a nested scope points.
   *
   * @param stacks the thread's own
   * @return what C says
   */
  @Benchmark
  public double outArgumentNested(ConfinedStacks stacks) {
    try (NativeScope scope = stacks.scope.nested()) {
      return frexp(scope.intByReference());
    }
  }

  private static double frexp(IntByReference exponent) {
    return LIBRARY.frexp(NUMBER, exponent) + exponent.getValue();
  }

  private static void close(ByReference reference) {
    ((Memory) reference.getPointer()).close();
  }

  /**
   * Passes a String as JNA does.
   *
   * @param backlog gives the cleaner time after each iteration
   * @return what C says
   */
  @Benchmark
  public int stringArgumentJna(CleanerBacklog backlog) {
    return LIBRARY.strlen(TEXT);
  }

  /**
   * Passes a String as {@link org.jallocator.jna.StringArguments} does.
   *
   * @param strings the thread's own library
   * @return what C says
   */
  @Benchmark
  public int stringArgumentMapped(MappedStrings strings) {
    return strings.library.strlen(TEXT);
  }

  /**
   * Passes a String that a nested scope has copied.
   *
   * @param stacks the thread's own
   * @return what C says
   */
  @Benchmark
  public int stringArgumentNested(ConfinedStacks stacks) {
    try (NativeScope scope = stacks.scope.nested()) {
      return LIBRARY.strlen(scope.string(TEXT));
    }
  }

  /**
   * Passes an array of Strings as JNA does.
   *
   * @param backlog gives the cleaner time after each iteration
   * @return what C says
   */
  @Benchmark
  public int stringsArgumentJna(CleanerBacklog backlog) {
    return LIBRARY.strlen(TEXTS);
  }

  /**
   * Passes an array of Strings that a nested scope has copied.
   *
   * @param stacks the thread's own
   * @return what C says
   */
  @Benchmark
  public int stringsArgumentNested(ConfinedStacks stacks) {
    try (NativeScope scope = stacks.scope.nested()) {
      return LIBRARY.strlen(scope.strings(TEXTS));
    }
  }

  /**
   * Passes ten arguments on JNA's memory, and closes what can be closed.
   *
   * @param backlog gives the cleaner time after each iteration
   * @return what C says
   */
  @Benchmark
  public int requestJna(CleanerBacklog backlog) {
    SmallStruct struct = new SmallStruct();
    IntByReference number = new IntByReference();
    LongByReference size = new LongByReference();
    DoubleByReference ratio = new DoubleByReference();
    PointerByReference end = new PointerByReference();
    try (Memory buffer = new Memory(BUFFER_SIZE);
        Memory scratch = new Memory(BUFFER_SIZE)) {
      int result =
          LIBRARY.sprintf(buffer, FORMAT, TEXT, TEXTS, struct, number, size, ratio, end, scratch);
      ((Memory) struct.getPointer()).close();
      close(number);
      close(size);
      close(ratio);
      close(end);
      return result;
    }
  }

  /**
   * Passes ten arguments on JNA's memory, and leaves that to the cleaner.
   *
   * @param backlog gives the cleaner time after each iteration
   * @return what C says
   */
  @Benchmark
  public int requestJnaLeft(CleanerBacklog backlog) {
    return LIBRARY.sprintf(
        new Memory(BUFFER_SIZE),
        FORMAT,
        TEXT,
        TEXTS,
        new SmallStruct(),
        new IntByReference(),
        new LongByReference(),
        new DoubleByReference(),
        new PointerByReference(),
        new Memory(BUFFER_SIZE));
  }

  /**
   * Passes ten arguments of a scope.
   *
   * @param stacks the thread's own
   * @return what C says
   */
  @Benchmark
  public int requestOpen(ConfinedStacks stacks) {
    try (NativeScope scope = NativeScope.open(stacks.chunks)) {
      return request(scope);
    }
  }

  /**
   * Passes ten arguments of a nested scope.
   *
   * @param stacks the thread's own
   * @return what C says
   */
  @Benchmark
  public int requestNested(ConfinedStacks stacks) {
    try (NativeScope scope = stacks.scope.nested()) {
      return request(scope);
    }
  }

  private static int request(NativeScope scope) {
    return LIBRARY.sprintf(
        scope.memory(BUFFER_SIZE),
        scope.string(FORMAT),
        scope.string(TEXT),
        scope.strings(TEXTS),
        scope.struct(SmallStruct.class),
        scope.intByReference(),
        scope.longByReference(),
        scope.doubleByReference(0),
        scope.pointerByReference(),
        scope.memory(BUFFER_SIZE));
  }
}
