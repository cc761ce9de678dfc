package org.jallocator.bench.replay;

import java.util.ArrayList;
import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;

/** Writes down what is called, and hands out addresses that count up from 1000. */
public final class CallLog implements Allocator {

  public final List<String> calls = new ArrayList<>();
  private long nextAddress = 1000;

  @Override
  public long malloc(long size) {
    long address = nextAddress++;
    calls.add("malloc " + size + " -> " + address);
    return address;
  }

  @Override
  public long tryMalloc(long size) {
    calls.add("tryMalloc " + size);
    return size > 4096 ? NULL : nextAddress++;
  }

  @Override
  public void free(long address) {
    calls.add("free " + address);
  }

  @Override
  public void free(long address, long size) {
    calls.add("free " + address + " of " + size);
  }

  @Override
  public long maxSize() {
    return Long.MAX_VALUE;
  }

  @Override
  public long alignment() {
    return 1;
  }

  @Override
  public boolean isShared() {
    return false;
  }

  @Override
  public AllocatorStats stats() {
    return AllocatorStats.UNTRACKED;
  }

  @Override
  public void close() {
    calls.add("close");
  }
}
