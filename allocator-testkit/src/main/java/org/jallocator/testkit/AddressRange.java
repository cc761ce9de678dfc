package org.jallocator.testkit;

/** Where the invented addresses of an inner lie: each is hard on another kind of arithmetic. */
enum AddressRange {
  /** Small addresses, adjacent, never used twice. */
  LOW {
    @Override
    RecordingAllocator.Builder inner() {
      return RecordingAllocator.builder().baseAddress(0x1_0000);
    }
  },
  /** From just below 2^63 upwards: the first page or chunk reaches across it. */
  CROSSING {
    @Override
    RecordingAllocator.Builder inner() {
      return RecordingAllocator.builder().baseAddress(Long.MIN_VALUE - 48);
    }
  },
  /** From 2^63 upwards, with gaps, and what was freed last comes back first. */
  NEGATIVE {
    @Override
    RecordingAllocator.Builder inner() {
      return RecordingAllocator.builder()
          .baseAddress(Long.MIN_VALUE)
          .exactlyAligned(false)
          .gap(4096)
          .reusesAddresses(true);
    }
  },
  /** The last 16 GiB of the address space. */
  TOP {
    @Override
    RecordingAllocator.Builder inner() {
      return RecordingAllocator.builder().baseAddress(-(16L << 30)).gap(1).reusesAddresses(true);
    }
  };

  abstract RecordingAllocator.Builder inner();
}
