package org.jallocator.examples;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.Structure.FieldOrder;

/** The figures of glibc's malloc for the whole process. */
@FieldOrder({
  "arena",
  "ordblks",
  "smblks",
  "hblks",
  "hblkhd",
  "usmblks",
  "fsmblks",
  "uordblks",
  "fordblks",
  "keepcost"
})
public final class MallocInfo extends Structure implements Structure.ByValue {
  public long arena;
  public long ordblks;
  public long smblks;
  public long hblks;
  public long hblkhd;
  public long usmblks;
  public long fsmblks;
  public long uordblks;
  public long fordblks;
  public long keepcost;

  /** For JNA. */
  public MallocInfo() {}

  /**
   * Lies on memory that is given.
   *
   * @param memory the memory
   */
  public MallocInfo(Pointer memory) {
    super(memory);
  }

  /** The function, in whichever library serves malloc here. */
  public interface Glibc extends Library {
    MallocInfo mallinfo2();
  }

  /** {@return the bytes in the hands of the whole process, mapped ones too} */
  static long liveBytes() {
    var info = Native.load(Glibc.class).mallinfo2();
    return info.uordblks + info.hblkhd;
  }
}
