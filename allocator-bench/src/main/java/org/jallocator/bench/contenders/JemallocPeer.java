package org.jallocator.bench.contenders;

import org.lwjgl.system.jemalloc.JEmalloc;

/** LWJGL's binding of jemalloc. */
final class JemallocPeer extends PeerAllocator {

  @Override
  public long tryMalloc(long size) {
    return JEmalloc.nje_malloc(size);
  }

  @Override
  public void free(long address) {
    JEmalloc.nje_free(address);
  }
}
