package org.jallocator.bench.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ResultTableTest {

  private static final String LONG = "fallback(sizeclass(shared=true, pageSize=128KiB, jna), jna)";

  @Test
  void stacksAreNumberedAndStandInFullBelow() {
    ResultTable table =
        new ResultTable(stack -> stack.equals("jna") ? "jna, by JNI" : stack)
            .columns("ns", "ratio\nto jna");
    for (String workload : List.of("one", "two")) {
      table.group(workload);
      table.stack("jna", null).decimal(20).decimal(1);
      table.group(workload);
      table.stack("mine", null).decimal(5).decimal(0.25);
    }

    assertEquals(
        """
                        ratio
                    ns  to jna
        one
          1 jna  20.00    1.00
          2 mine  5.00    0.25
        two
          1 jna  20.00    1.00
          2 mine  5.00    0.25

        1 jna, by JNI
        2 mine
        """
            .replaceAll(" +", " "),
        table.render().replaceAll(" +", " "));
  }

  @Test
  void tableThatIsTooWideGoesOnBelow() {
    ResultTable table = new ResultTable().columns("first");
    for (int i = 0; i < 8; i++) {
      table.columns("column\n" + i);
    }
    table.group("work");
    table
        .stack(LONG, null)
        .text("1")
        .texts(List.of("1,234,567", "2", "3", "4", "5", "6", "7", "8"));

    String text = table.render();

    assertTrue(text.lines().allMatch(line -> line.length() <= 80), text);
    assertEquals(2, text.lines().filter(line -> line.startsWith("  1 fallback(")).count(), text);
    for (int i = 0; i < 8; i++) {
      String number = String.valueOf(i);
      assertEquals(
          1,
          text.lines()
              .filter(
                  line -> line.matches(".* " + number + "( .*|$)") && !line.contains("fallback"))
              .count(),
          text);
    }
    assertTrue(text.endsWith("\n1 " + LONG + "\n"), text);
  }

  @Test
  void labelsTakeTheRoomThatTheNumbersLeave() {
    ResultTable table = new ResultTable().columns("ns");
    table.group("work");
    table.stack(LONG, null).decimal(1);

    assertTrue(table.render().contains("\n  1 " + LONG + "  1.00\n"), table.render());
  }
}
