/** Flight recorder events, MXBeans and Micrometer meters of stacks of allocators. */
module org.jallocator.metrics {
  requires static org.jspecify;
  requires static com.google.auto.service;
  requires static micrometer.core;
  requires transitive java.management;
  requires jdk.jfr;
  requires transitive org.jallocator;

  exports org.jallocator.metrics;

  provides org.jallocator.spi.AllocatorListener with
      org.jallocator.metrics.JfrListener;
  provides org.jallocator.spi.AllocatorProvider with
      org.jallocator.metrics.JfrProvider;
}
