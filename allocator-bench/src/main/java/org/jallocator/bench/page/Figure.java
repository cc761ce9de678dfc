package org.jallocator.bench.page;

import java.util.List;

/**
 * A picture, and behind it a table with the same figures.
 *
 * @param title what it is of
 * @param picture its markup
 * @param headings the columns of the table
 * @param rows the rows of the table, each as long as the headings
 */
public record Figure(String title, String picture, List<String> headings, List<List<String>> rows) {

  /** {@return the markup of the picture with its title and its table} */
  String markup() {
    return "<figure>\n<figcaption>%s</figcaption>\n%s%s</figure>\n"
        .formatted(Markup.escape(title), picture, details());
  }

  private String details() {
    StringBuilder text =
        new StringBuilder(
            "<details>\n<summary>Figures</summary>\n<div class=\"scroll\" tabindex=\"0\""
                + " role=\"region\" aria-label=\"Figures: "
                + Markup.escape(title)
                + "\">\n<table>\n<thead><tr>");
    headings.forEach(
        heading ->
            text.append("<th scope=\"col\">")
                .append(Markup.escape(heading.replace('\n', ' ')))
                .append("</th>"));
    text.append("</tr></thead>\n<tbody>\n");
    for (List<String> row : rows) {
      text.append("<tr><th scope=\"row\">").append(Markup.escape(row.get(0))).append("</th>");
      row.stream()
          .skip(1)
          .forEach(cell -> text.append("<td>").append(Markup.escape(cell)).append("</td>"));
      text.append("</tr>\n");
    }
    return text.append("</tbody>\n</table>\n</div>\n</details>\n").toString();
  }
}
