package org.jallocator.bench.jna;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Memory that is there before a benchmark begins. */
@State(Scope.Thread)
public class GivenMemory {

  private static final int SIZE = 64;

  /** Where it is. */
  Pointer pointer;

  /** Made by JMH. */
  public GivenMemory() {}

  /** Takes it from C. */
  @Setup
  public void open() {
    pointer = new Pointer(Native.malloc(SIZE));
    pointer.clear(SIZE);
  }

  /** Gives it back. */
  @TearDown
  public void close() {
    Native.free(Pointer.nativeValue(pointer));
  }
}
