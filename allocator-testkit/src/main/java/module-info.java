/** The conformance suite that every allocator runs, and the tools it is made of. */
module org.jallocator.testkit {
  requires static org.jspecify;
  requires transitive org.jallocator;
  requires transitive org.junit.jupiter.api;
  requires transitive org.junit.jupiter.params;

  exports org.jallocator.testkit;

  // The suite's tests are package-private, so that they are no part of its author's interface.
  opens org.jallocator.testkit to
      org.junit.platform.commons;
}
