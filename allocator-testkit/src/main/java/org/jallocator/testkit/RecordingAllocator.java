package org.jallocator.testkit;

/** A placeholder. */
public final class RecordingAllocator {
  private RecordingAllocator() {}
}
