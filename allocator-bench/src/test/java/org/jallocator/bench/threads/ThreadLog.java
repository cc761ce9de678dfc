package org.jallocator.bench.threads;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;
import org.jallocator.bench.contenders.AddressBlocks;
import org.jallocator.bench.contenders.Contender;
import org.jallocator.bench.contenders.PeerAllocator;
import org.jallocator.jna.DefaultAllocator;

/** C's memory, and a log of which thread took which block and which gave it back. */
public final class ThreadLog extends PeerAllocator {

  private final DefaultAllocator memory = new DefaultAllocator();
  private final Map<Long, Thread> takerOfLiveBlock = new ConcurrentHashMap<>();

  public final Set<Thread> threads = ConcurrentHashMap.newKeySet();
  public final LongAdder mallocs = new LongAdder();
  final LongAdder freesByOthers = new LongAdder();
  final LongAccumulator smallest = new LongAccumulator(Math::min, Long.MAX_VALUE);
  final LongAccumulator largest = new LongAccumulator(Math::max, 0);
  final LongAccumulator mostLive = new LongAccumulator(Math::max, 0);

  Contender contender() {
    return new Contender(Thread::new, slots -> new AddressBlocks(this, slots), () -> {});
  }

  public int live() {
    return takerOfLiveBlock.size();
  }

  @Override
  public long tryMalloc(long size) {
    long address = memory.malloc(size);
    threads.add(Thread.currentThread());
    takerOfLiveBlock.put(address, Thread.currentThread());
    mallocs.increment();
    smallest.accumulate(size);
    largest.accumulate(size);
    mostLive.accumulate(takerOfLiveBlock.size());
    return address;
  }

  @Override
  public void free(long address) {
    Thread taker = takerOfLiveBlock.remove(address);
    if (taker == null) {
      throw new AssertionError("free of what is not live: address=" + address);
    }
    if (taker != Thread.currentThread()) {
      freesByOthers.increment();
    }
    memory.free(address);
  }
}
