package org.jallocator.bench.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineTest {

  @TempDir private Path directory;

  @Test
  void processorIsTheOneThatTheKernelNames() throws IOException {
    Path cpuinfo =
        Files.writeString(
            directory.resolve("cpuinfo"),
            "processor\t: 0\nmodel name\t: Some CPU @ 2.0GHz\n\nmodel name\t: Other\n");

    assertEquals("Some CPU @ 2.0GHz", Machine.processorOf(cpuinfo));
  }

  @Test
  void processorWithoutANameIsNotMadeUp() throws IOException {
    Path cpuinfo =
        Files.writeString(directory.resolve("cpuinfo"), "processor: 0\nCPU part: 0xd0c\n");

    assertNull(Machine.processorOf(cpuinfo));
  }

  @Test
  void thisMachineHasAProcessorAJdkAndACommit() {
    Machine machine = Machine.here();

    assertFalse(machine.processor().isBlank());
    assertTrue(machine.jdk().startsWith(Runtime.version().toString()), machine.jdk());
    assertTrue(
        machine.commit().matches("[0-9a-f]{7,}( and changes)?|" + Machine.UNKNOWN),
        machine.commit());
    assertEquals(
        "%s, %d processors; JDK %s; commit %s".formatted("X", 2, machine.jdk(), machine.commit()),
        new Machine("X", 2, machine.jdk(), machine.commit()).line());
  }
}
