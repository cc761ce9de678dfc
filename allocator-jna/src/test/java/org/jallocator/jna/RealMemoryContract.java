package org.jallocator.jna;

import com.sun.jna.Pointer;
import org.jallocator.testkit.AllocatorContract;
import org.jallocator.testkit.LayerKind;

/** The contract on memory that C hands out, every byte of it written and read back. */
abstract class RealMemoryContract extends AllocatorContract {

  @Override
  protected LayerKind kind() {
    return LayerKind.LEAF;
  }

  @Override
  protected void write(long address, long size, byte pattern) {
    new Pointer(address).setMemory(0, size, pattern);
  }

  @Override
  protected boolean verify(long address, long size, byte pattern) {
    for (byte b : new Pointer(address).getByteArray(0, (int) size)) {
      if (b != pattern) {
        return false;
      }
    }
    return true;
  }
}
