package org.jallocator.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jallocator.Allocator;
import org.jallocator.AllocatorStats;
import org.jallocator.Arena;
import org.jallocator.LeakException;
import org.jallocator.OwningAllocator;
import org.junit.jupiter.api.Test;

/** What a stack tells of itself: its tree, and its layers by type. */
class DescriptionTest {

  private final StackFixture fixture = new StackFixture();

  @Test
  void drawsTheTreeWithTheBytesOfEachLayer() {
    AllocatorStack stack =
        fixture.open("fallback(fixedblock(arena(chunkSize=1M, jna), blockSize=64), jna)");
    long address = stack.find(OwningAllocator.class).orElseThrow().malloc(64);
    assertEquals(
        """
        fallback: live 0 bytes, reserved 0 bytes
          fixedblock(blockSize=64): live 64 bytes, reserved 4096 bytes
            arena(chunkSize=1MiB): live 4096 bytes, reserved 4096 bytes
              jna: not tracked
          jna: not tracked""",
        stack.describe());
    stack.find(OwningAllocator.class).orElseThrow().free(address);
    stack.close();
  }

  @Test
  void addsWhatAProviderHasToSayOfItsLayer() {
    fixture.providers.add(
        new FakeProvider(
            "detailed",
            List.of(),
            List.of(),
            settings -> new FakeAllocator("detailed", fixture.closed, true, List.of())));
    try (AllocatorStack stack = fixture.open("arena(detailed)")) {
      assertEquals(
          """
          arena: live 0 bytes, reserved 0 bytes
            detailed: not tracked, file /lib/fake.so""",
          stack.describe());
    }
  }

  @Test
  void drawsANamedPartOnceAndRefersToItAfterThat() {
    fixture.properties.put("allocator.def.pool", "fixedblock(blockSize=8, @leaf)");
    fixture.properties.put("allocator.def.leaf", "jna");
    fixture.properties.put("allocator.def.alias", "@pool");
    try (AllocatorStack stack = fixture.open("fallback(@pool, fallback(@alias, arena(@pool)))")) {
      assertEquals(
          """
          fallback: live 0 bytes, reserved 0 bytes
            @pool = fixedblock(blockSize=8): live 0 bytes, reserved 0 bytes
              @leaf = jna: not tracked
            fallback: live 0 bytes, reserved 0 bytes
              @alias: shown above as @pool
              arena: live 0 bytes, reserved 0 bytes
                @pool: shown above""",
          stack.describe());
    }
  }

  @Test
  void drawsARootThatIsANamedPart() {
    fixture.properties.put("allocator.def.leaf", "jna");
    try (AllocatorStack stack = fixture.open("@leaf")) {
      assertEquals("@leaf = jna: not tracked", stack.describe());
    }
  }

  @Test
  void saysWhichLayersAreClosedAndWhichLeak() {
    AllocatorStack stack = fixture.open("fallback(fixedblock(jna), arena(jna))");
    Allocator fixedBlock = stack.find(OwningAllocator.class).orElseThrow();
    long address = fixedBlock.malloc(10);
    assertThrows(LeakException.class, stack::close);
    assertEquals(
        """
        fallback: closed
          fixedblock: live 10 bytes, reserved 4096 bytes
            jna: not tracked
          arena: closed
            jna: closed""",
        stack.describe());
    fixedBlock.free(address);
    stack.close();
  }

  @Test
  void asksConfinedLayersFromAnyThread() throws Exception {
    fixture.withTroublemakers();
    try (AllocatorStack stack = fixture.open("fallback(arena(local), jna)")) {
      long address = stack.allocator().malloc(3);
      AtomicReference<String> described = new AtomicReference<>("");
      Thread other = new Thread(() -> described.set(stack.describe()));
      other.start();
      other.join();
      assertEquals(
          """
          fallback: live 3 bytes, reserved 4096 bytes
            arena: live 4096 bytes, reserved 4096 bytes
              local: not tracked
            jna: not tracked""",
          described.get());
      stack.allocator().free(address);
    }
  }

  @Test
  void writesOneByteAndOneBlockInTheSingular() {
    AllocatorStats[] stats = {
      new AllocatorStats(true, 2, 1, 1, 1, 1, 1, 0),
      new AllocatorStats(true, 2, 0, 2, 0, 0, 0, 0),
      new AllocatorStats(true, 1, 2, 0, 2, 2, 1, 0),
      new AllocatorStats(true, 1, Long.MAX_VALUE, 0, 1, 2, 1, 0)
    };
    String[] lines = {
      "live 1 byte and 1 block of unknown length, reserved 1 byte",
      "live 0 bytes and 2 blocks of unknown length, reserved 0 bytes",
      "live 2 bytes, reserved 2 bytes",
      "live 9223372036854775807 bytes, reserved 1 byte"
    };
    for (int i = 0; i < stats.length; i++) {
      AllocatorStats figures = stats[i];
      StackFixture one = new StackFixture();
      one.providers.add(
          new FakeProvider(
              "counted",
              List.of(),
              List.of(),
              settings ->
                  new FakeAllocator("counted", one.closed, true, List.of()) {
                    @Override
                    public AllocatorStats stats() {
                      return figures;
                    }
                  }));
      try (AllocatorStack stack = one.open("counted")) {
        assertEquals("counted: " + lines[i], stack.describe());
      }
    }
  }

  @Test
  void listsItsLayersWithTheirPlacesAndANamedPartOnce() {
    fixture.properties.put("allocator.def.pool", "fixedblock(blockSize=8, jna)");
    try (AllocatorStack stack = fixture.open("fallback(arena(@pool), fallback(@pool, jna))")) {
      assertEquals(
          List.of(
              "0 fallback",
              "0.0 arena",
              "0.0.0 fixedblock(blockSize=8)",
              "0.0.0.0 jna",
              "0.1 fallback",
              "0.1.1 jna"),
          stack.layers().stream().map(layer -> layer.path() + " " + layer.expression()).toList());
      assertEquals("fixedblock", stack.layers().get(2).type());
      assertSame(stack.allocator(), stack.layers().get(0).allocator());
    }
  }

  @Test
  void findsTheFirstLayerOfATypeFromTheRootDown() {
    try (AllocatorStack stack = fixture.open("fallback(fixedblock(arena(jna)), arena(jna))")) {
      List<Allocator> layers = stack.findAll(Allocator.class);
      assertEquals(6, layers.size());
      assertSame(stack.allocator(), layers.get(0));
      assertSame(layers.get(0), stack.find(Allocator.class).orElseThrow());
      assertSame(layers.get(1), stack.find(OwningAllocator.class).orElseThrow());
      assertEquals(
          List.of(layers.get(1), layers.get(2), layers.get(4)),
          stack.findAll(FakeAllocator.Owning.class));
      assertEquals(Optional.empty(), stack.find(Arena.class));
    }
  }
}
