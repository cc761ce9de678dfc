/** A user's module: the API comes with the surface for JNA, and the layers are named in text alone. */
module com.example.consumer {
  requires org.jallocator.jna;
  requires org.jallocator.metrics;
  requires org.jallocator.arena;
}
