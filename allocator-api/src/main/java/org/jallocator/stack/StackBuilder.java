package org.jallocator.stack;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.jallocator.Allocator;
import org.jallocator.OwningAllocator;
import org.jallocator.spi.AllocatorProvider.InnerLayer;
import org.jallocator.spi.AllocatorSettings;
import org.jallocator.spi.Failures;
import org.jallocator.spi.Option;
import org.jallocator.spi.StackRoom;
import org.jspecify.annotations.Nullable;

/**
 * Builds the layers of a blueprint, each after all that it stands on. If one cannot be built, those
 * that were built are closed again, and its error is thrown.
 */
final class StackBuilder {

  private final IdentityHashMap<Blueprint, Layer> layers = new IdentityHashMap<>();
  private final List<Layer> youngestFirst = new ArrayList<>();

  /** Of the layers that are built; made before them, since it must not want for Java heap. */
  private final ClosingOrder closingOrder = new ClosingOrder(youngestFirst);

  /** What a provider has created and no layer has yet. */
  private @Nullable Allocator created;

  private StackBuilder() {}

  /** {@return all layers, in the order in which they are to be closed} */
  static ClosingOrder build(Blueprint.Use root) {
    // Whatever overflows the stack below leaves at least that room to close what was built.
    StackRoom.requireToClose();
    StackBuilder builder = new StackBuilder();
    try {
      return ClosingOrder.below(builder.layer(root));
    } catch (RuntimeException | Error e) {
      builder.closeAfter(e);
      throw e;
    }
  }

  /** Closes what was built; what that throws is suppressed in what ended the building. */
  private void closeAfter(Throwable failure) {
    if (created != null) {
      try {
        created.closeAndRelease();
      } catch (RuntimeException | Error e) {
        Failures.join(failure, e);
      }
    }
    Failures.join(failure, closingOrder.closeAndRelease());
  }

  private Layer layer(Blueprint.Use use) {
    Blueprint blueprint = use.layer();
    Layer known = layers.get(blueprint);
    if (known != null) {
      return known;
    }
    List<Layer> inners = new ArrayList<>();
    for (Blueprint.Use inner : blueprint.inners()) {
      inners.add(layer(inner));
    }
    checkOwning(blueprint, inners);
    Layer layer = new Layer(blueprint, create(blueprint, inners), inners);
    youngestFirst.add(0, layer);
    created = null;
    layer.use();
    layers.put(blueprint, layer);
    checkShared(layer);
    return layer;
  }

  private static void checkOwning(Blueprint blueprint, List<Layer> inners) {
    for (int i = 0; i < inners.size(); i++) {
      InnerLayer role = blueprint.declaration().innerLayers().get(i);
      if (role.owning() && !(inners.get(i).allocator() instanceof OwningAllocator)) {
        Blueprint.Use inner = blueprint.inners().get(i);
        throw Problem.at(
                inner.spot(),
                "The "
                    + role.role()
                    + " of "
                    + Problem.quoted(blueprint.declaration().name())
                    + " cannot be "
                    + Problem.quoted(inner.layer().declaration().name()))
            .line("Expected an owning allocator: one that can tell its own memory from others'.")
            .exception();
      }
    }
  }

  private Allocator create(Blueprint blueprint, List<Layer> inners) {
    String name = Problem.quoted(blueprint.declaration().name());
    Settings settings = new Settings(blueprint, inners);
    Allocator found;
    try {
      found = blueprint.declaration().provider().create(settings);
    } catch (IllegalArgumentException e) {
      throw Problem.at(blueprint.spot(), name + " refuses its configuration")
          .line(String.valueOf(e.getMessage()))
          .exception(e);
    } catch (LinkageError e) {
      throw Problem.at(blueprint.spot(), name + " cannot be created")
          .line(e.toString())
          .line("(Is everything on the class path that its Maven module depends on?)")
          .exception(e);
    } catch (RuntimeException e) {
      throw Problem.at(blueprint.spot(), name + " cannot be created")
          .line(e.toString())
          .exception(e);
    }
    boolean known = isKnown(found);
    if (found == null || known) {
      throw Problem.at(blueprint.spot(), name + " cannot be created")
          .line(
              "Expected a new allocator from its provider, found "
                  + (known ? "one that is in use" : "null")
                  + ".")
          .exception();
    }
    created = found;
    return found;
  }

  private boolean isKnown(@Nullable Allocator allocator) {
    for (int i = 0; i < youngestFirst.size(); i++) {
      if (youngestFirst.get(i).allocator() == allocator) {
        return true;
      }
    }
    return false;
  }

  private static void checkShared(Layer layer) {
    List<Layer> inners = layer.inners();
    for (int i = 0; i < inners.size(); i++) {
      if (layer.allocator().isShared() && !inners.get(i).allocator().isShared()) {
        Blueprint.Use inner = layer.blueprint().inners().get(i);
        String upper = Problem.quoted(layer.blueprint().declaration().name());
        String lower = Problem.quoted(inner.layer().declaration().name());
        throw Problem.at(inner.spot(), "Shared " + upper + " cannot stand on confined " + lower)
            .line(
                "Expected a shared inner layer: any thread may call "
                    + upper
                    + ", and one alone "
                    + lower
                    + ".")
            .exception();
      }
    }
  }

  /** What a provider is given: the configured values over the defaults. */
  private record Settings(Blueprint blueprint, List<Layer> inners) implements AllocatorSettings {

    @Override
    public <T> T get(Option<T> option) {
      Option<?> declared = blueprint.declaration().option(option.name());
      if (declared == null || declared.valueType() != option.valueType()) {
        throw new IllegalArgumentException("option is not declared: name=" + option.name());
      }
      Object value = blueprint.values().getOrDefault(declared, declared.defaultValue());
      return option.valueType().cast(value);
    }

    @Override
    public Allocator inner(int index) {
      return inners.get(index).allocator();
    }
  }
}
