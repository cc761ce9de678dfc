package org.jallocator.bench.contenders;

import org.lwjgl.system.rpmalloc.RPmalloc;

/** LWJGL's binding of rpmalloc. */
final class RpmallocPeer extends PeerAllocator {

  @Override
  public long tryMalloc(long size) {
    return RPmalloc.nrpmalloc(size);
  }

  @Override
  public void free(long address) {
    RPmalloc.nrpfree(address);
  }
}
