package org.jallocator.bench.natives;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The option of every command that can make its calls from C too. */
public final class NativeOption {

  @Option(
      names = "--native",
      description =
          "Make the same calls from C too, on glibc, and on jemalloc and mimalloc where they are"
              + " installed (Debian: libjemalloc2, libmimalloc2.0). Needs a C compiler, cc.")
  private boolean asked;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  /** {@return the allocators to call from C, if any are asked for} */
  public NativeRows find() {
    return asked ? NativeRows.find(spec.commandLine().getErr()) : NativeRows.NOT_ASKED;
  }
}
