package org.jallocator.bench.jna;

import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.Structure.FieldOrder;

/** A small structure such as C functions are given: 24 bytes. */
@FieldOrder({"flags", "mode", "offset", "length"})
public final class SmallStruct extends Structure {

  /** Some flags. */
  public int flags;

  /** A mode. */
  public int mode;

  /** Where to begin. */
  public long offset;

  /** How much. */
  public long length;

  /** Makes a structure on memory of JNA's. */
  public SmallStruct() {}

  /**
   * Makes a structure on given memory.
   *
   * @param memory of at least its size
   */
  public SmallStruct(Pointer memory) {
    super(memory);
  }
}
