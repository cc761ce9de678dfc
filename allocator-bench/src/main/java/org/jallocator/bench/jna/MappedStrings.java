package org.jallocator.bench.jna;

import java.nio.charset.StandardCharsets;
import org.jallocator.jna.StringArguments;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** The C library with its String arguments on a thread's own stack. */
@State(Scope.Thread)
public class MappedStrings {

  /** The library. */
  CLibrary library;

  /** Made by JMH. */
  public MappedStrings() {}

  /**
   * Loads the library.
   *
   * @param stacks the thread's own
   */
  @Setup
  public void load(ConfinedStacks stacks) {
    library = CLibrary.load(StringArguments.of(stacks.blocks, StandardCharsets.UTF_8).options());
  }
}
