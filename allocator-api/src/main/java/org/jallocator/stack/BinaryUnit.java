package org.jallocator.stack;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The units of a size. All are powers of two; each but the byte has a short and a long symbol. */
enum BinaryUnit {
  GIB("G", "GiB", 30),
  MIB("M", "MiB", 20),
  KIB("K", "KiB", 10),
  BYTE("", "B", 0);

  private final String brief;
  private final String symbol;
  private final int shift;

  BinaryUnit(String brief, String symbol, int shift) {
    this.brief = brief;
    this.symbol = symbol;
    this.shift = shift;
  }

  /** {@return the unit that a symbol stands for, the byte for an empty one; null iff none} */
  static @Nullable BinaryUnit of(String symbol) {
    for (BinaryUnit unit : values()) {
      if (symbol.equals(unit.brief) || symbol.equals(unit.symbol)) {
        return unit;
      }
    }
    return null;
  }

  static boolean isUnit(String symbol) {
    return !symbol.isEmpty() && of(symbol) != null;
  }

  /** {@return the unit that is meant by KB, MB or GB in any case; null iff it is none of them} */
  static @Nullable BinaryUnit ofAmbiguous(String symbol) {
    for (BinaryUnit unit : values()) {
      if (unit != BYTE && symbol.equalsIgnoreCase(unit.brief + "B")) {
        return unit;
      }
    }
    return null;
  }

  /** {@return why a symbol of this unit is ambiguous} */
  String disagreement(String ambiguous) {
    long binary = 1L << shift;
    long decimal = 1;
    for (int i = 0; i < shift; i += 10) {
      decimal *= 1000;
    }
    return "1 "
        + symbol
        + " is "
        + binary
        + " bytes; of 1 "
        + ambiguous
        + " tools disagree whether it is that or "
        + decimal
        + ".";
  }

  /** {@return the symbol that a text is but for the case of its letters; null iff none} */
  static @Nullable String ofAnyCase(String text) {
    for (String symbol : symbols()) {
      if (symbol.equalsIgnoreCase(text)) {
        return symbol;
      }
    }
    return null;
  }

  /** {@return all symbols, from the smallest unit up} */
  static List<String> symbols() {
    List<String> symbols = new ArrayList<>();
    for (BinaryUnit unit : values()) {
      symbols.add(0, unit.symbol);
      if (unit != BYTE) {
        symbols.add(0, unit.brief);
      }
    }
    return symbols;
  }

  /** {@return a size in the largest unit that holds it a whole number of times} */
  static String format(long size) {
    for (BinaryUnit unit : values()) {
      if (unit != BYTE && size > 0 && size == size >> unit.shift << unit.shift) {
        return (size >> unit.shift) + unit.symbol;
      }
    }
    return Long.toString(size);
  }

  String symbol() {
    return symbol;
  }

  int shift() {
    return shift;
  }
}
