package org.jallocator.diagnostics;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The file in which {@code guarded(pages=true, report='...')} keeps a line for each live block and
 * each block of its quarantine, so that after the process has died at an address it can be said
 * whose block that was:
 *
 * <pre>{@code
 * java -cp ... org.jallocator.diagnostics.GuardReport guarded.txt hs_err_pid4711.log
 * }</pre>
 *
 * <p>A line has a fixed length and is written in its place, so the file is as long as the most
 * blocks that there were at a time, and each malloc and free is one write of the system, which
 * outlives the process.
 *
 * <p>Shared, may block. If the file cannot be written, the program goes on without a report.
 */
public final class GuardReport {

  private static final int LINE = 1 << 10;
  private static final int FRAMES = 8;
  private static final int FIRST_SLOTS = 64;
  private static final Pattern BLOCK =
      Pattern.compile("(live|freed) block=0x([0-9a-f]+) size=(\\d+) raw=0x([0-9a-f]+) held=(\\d+)");
  private static final Pattern FAULT = Pattern.compile("si_addr: 0x([0-9a-f]+)");

  private final FileChannel channel;
  private final Sites sites = new Sites(FRAMES);

  /** What stands in the line of no block. Direct, so that writing it takes no memory. */
  private final ByteBuffer blank = ByteBuffer.allocateDirect(LINE);

  /** The first {@link #freeCount} entries are the free slots; the array has room for every slot. */
  private int[] freeSlots = new int[FIRST_SLOTS];

  private int freeCount;
  private int slots;
  private boolean failed;

  private GuardReport(FileChannel channel) {
    this.channel = channel;
    byte[] line = new byte[LINE];
    Arrays.fill(line, (byte) ' ');
    line[LINE - 1] = '\n';
    blank.put(line);
  }

  static GuardReport open(Path file) {
    try {
      return new GuardReport(
          FileChannel.open(
              file,
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE,
              StandardOpenOption.TRUNCATE_EXISTING));
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "report cannot be opened for writing: report=" + file + ", reason=" + e, e);
    }
  }

  /** Writes the line of a new block. If it throws, the block has none. */
  synchronized void allocated(GuardedBlock block) {
    if (freeCount == 0) {
      addSlot();
    }
    block.slot = freeSlots[--freeCount];
    boolean written = false;
    try {
      write(block, "live", "allocated");
      written = true;
    } finally {
      if (!written) {
        freeSlots[freeCount++] = block.slot;
      }
    }
  }

  private void addSlot() {
    if (slots == freeSlots.length) {
      freeSlots = Arrays.copyOf(freeSlots, 2 * slots);
    }
    freeSlots[freeCount++] = slots++;
  }

  synchronized void freed(GuardedBlock block) {
    write(block, "freed", "freed");
  }

  /** Writes the line of a block whose free failed: it is live as before. Throws nothing. */
  synchronized void stayed(GuardedBlock block) {
    try {
      write(block.slot, describe(block, "live") + block.allocation);
    } catch (VirtualMachineError noRoom) {
      // The line goes on saying that the block is freed.
    }
  }

  /** Gives the line of a block to the next. Takes no memory, and throws nothing. */
  synchronized void released(GuardedBlock block) {
    freeSlots[freeCount++] = block.slot;
    blank.clear();
    write(block.slot, blank);
  }

  private void write(GuardedBlock block, String state, String verb) {
    String site =
        verb + " by thread " + Thread.currentThread().getName() + " at " + sites.here().line();
    String earlier = block.allocation.isEmpty() ? "" : ", " + block.allocation;
    if (block.allocation.isEmpty()) {
      block.allocation = site;
    }
    write(block.slot, describe(block, state) + site + earlier);
  }

  /** {@return what {@link #BLOCK} reads, and a comma} */
  private static String describe(GuardedBlock block, String state) {
    return state
        + " block=0x"
        + Long.toHexString(block.address)
        + " size="
        + block.size
        + " raw=0x"
        + Long.toHexString(block.raw)
        + " held="
        + block.held
        + ", ";
  }

  private void write(int slot, String text) {
    byte[] line = new byte[LINE];
    Arrays.fill(line, (byte) ' ');
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    System.arraycopy(bytes, 0, line, 0, Math.min(bytes.length, LINE - 1));
    line[LINE - 1] = '\n';
    write(slot, ByteBuffer.wrap(line));
  }

  private void write(int slot, ByteBuffer line) {
    if (!failed) {
      try {
        channel.write(line, (long) slot * LINE);
      } catch (IOException | RuntimeException | Error e) {
        failed = true;
      }
    }
  }

  synchronized void close() {
    try {
      channel.close();
    } catch (IOException e) {
      failed = true;
    }
  }

  /**
   * Looks an address up.
   *
   * @param report the file of a process, which may have died
   * @param address any address
   * @return what the address was to which block, with the site of its malloc, and of its free if it
   *     was freed; empty iff no block is near
   * @throws UncheckedIOException if the file cannot be read
   */
  public static Optional<String> find(Path report, long address) {
    try (BufferedReader lines = reader(report)) {
      return lines
          .lines()
          .map(line -> describe(line.strip(), address))
          .flatMap(Optional::stream)
          .findFirst();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** {@return a reader that does not end at bytes that are no text: a line may be cut anywhere} */
  private static BufferedReader reader(Path file) throws IOException {
    return new BufferedReader(
        new InputStreamReader(Files.newInputStream(file), StandardCharsets.UTF_8));
  }

  private static Optional<String> describe(String line, long address) {
    Matcher matcher = BLOCK.matcher(line);
    if (!matcher.lookingAt()) {
      return Optional.empty();
    }
    long block = Long.parseUnsignedLong(matcher.group(2), 16);
    long size = Long.parseLong(matcher.group(3));
    long raw = Long.parseUnsignedLong(matcher.group(4), 16);
    long held = Long.parseLong(matcher.group(5));
    if (Long.compareUnsigned(address - raw, held) >= 0) {
      return Optional.empty();
    }
    long offset = address - block;
    String place =
        offset < 0
            ? -offset + " bytes before"
            : offset < size ? offset + " bytes into" : offset - size + " bytes behind the end of";
    return Optional.of(
        String.format(
            "0x%x is %s a %s block of %d bytes at 0x%x%n%s",
            address,
            place,
            matcher.group(1),
            size,
            block,
            line.substring(matcher.end() + 2).replace(", allocated", "\nallocated")));
  }

  /**
   * Reads the address from the log that the virtual machine wrote when it died.
   *
   * @param log a file named {@code hs_err_pid….log}
   * @return the address of the access; empty iff the log has none
   * @throws UncheckedIOException if the file cannot be read
   */
  public static Optional<Long> faultAddress(Path log) {
    try (BufferedReader lines = reader(log)) {
      return lines
          .lines()
          .map(FAULT::matcher)
          .filter(Matcher::find)
          .map(matcher -> Long.parseUnsignedLong(matcher.group(1), 16))
          .findFirst();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Prints whose block it was.
   *
   * @param arguments the report, and the log of the virtual machine or an address as 0x hex
   */
  public static void main(String[] arguments) {
    if (arguments.length != 2) {
      System.out.println("arguments: REPORT hs_err_pid....log | 0xADDRESS");
      return;
    }
    Optional<Long> address =
        arguments[1].startsWith("0x")
            ? Optional.of(Long.parseUnsignedLong(arguments[1].substring(2), 16))
            : faultAddress(Path.of(arguments[1]));
    System.out.println(
        address
            .flatMap(fault -> find(Path.of(arguments[0]), fault))
            .orElse("no block of the report is there"));
  }
}
