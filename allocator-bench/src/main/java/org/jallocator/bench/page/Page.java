package org.jallocator.bench.page;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jallocator.bench.console.ResultTable;

/**
 * One page with everything in it: it asks for nothing, from anywhere, and runs no script. Its own
 * security policy forbids both.
 */
public final class Page {

  private static final String STYLE = "/org/jallocator/bench/page.css";

  private final String title;
  private final Map<String, String> facts;
  private final List<Section> sections = new ArrayList<>();

  /**
   * What one command found out.
   *
   * @param title what it is called
   * @param lead what it is, in a sentence
   * @param figures its pictures
   * @param legend what the pictures have by number alone
   * @param notes what there is to know, a paragraph each
   */
  public record Section(
      String title, String lead, List<Figure> figures, Legend legend, List<String> notes) {}

  /**
   * What the pictures of a section have by number alone.
   *
   * @param stacks the numbered stacks in full
   * @param coloured whether each stack has a colour of its own in the pictures
   */
  public record Legend(List<String> stacks, boolean coloured) {}

  /**
   * Begins a page.
   *
   * @param title its title
   * @param facts what was run, and where
   */
  public Page(String title, Map<String, String> facts) {
    this.title = title;
    this.facts = facts;
  }

  /** Adds a section. */
  public void add(Section section) {
    sections.add(section);
  }

  /** {@return the page} */
  public String markup() {
    StringBuilder text = new StringBuilder();
    text.append(
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta http-equiv="Content-Security-Policy" \
        content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
        <link rel="icon" href="data:,">
        <title>%s</title>
        <style>
        %s</style>
        </head>
        <body>
        <header>
        <h1>%s</h1>
        <dl>
        """
            .formatted(Markup.escape(title), style(), Markup.escape(title)));
    facts.forEach(
        (name, value) ->
            text.append(
                "<dt>%s</dt><dd>%s</dd>\n".formatted(Markup.escape(name), Markup.escape(value))));
    text.append("</dl>\n");
    if (sections.size() > 1) {
      text.append("<nav aria-label=\"Sections\"><ul>\n");
      for (int i = 0; i < sections.size(); i++) {
        text.append(
            "<li><a href=\"#part%d\">%s</a></li>\n"
                .formatted(i, Markup.escape(sections.get(i).title())));
      }
      text.append("</ul></nav>\n");
    }
    text.append("</header>\n<main>\n");
    for (int i = 0; i < sections.size(); i++) {
      section(text, i, sections.get(i));
    }
    return text.append("</main>\n</body>\n</html>\n").toString();
  }

  private static void section(StringBuilder text, int number, Section section) {
    text.append(
        "<section id=\"part%d\">\n<h2>%s</h2>\n".formatted(number, Markup.escape(section.title())));
    text.append("<p>").append(Markup.escape(section.lead())).append("</p>\n");
    List<String> stacks = section.legend().stacks();
    if (!stacks.isEmpty()) {
      text.append("<ol class=\"legend\">\n");
      for (int i = 0; i < stacks.size(); i++) {
        text.append(
            "<li>%s<code>%s</code></li>\n"
                .formatted(
                    section.legend().coloured()
                        ? "<span class=\"dot s%d\"></span>".formatted(1 + i % ResultTable.SERIES)
                        : "",
                    Markup.escape(stacks.get(i))));
      }
      text.append("</ol>\n");
    }
    text.append("<div class=\"figures\">\n");
    section.figures().forEach(figure -> text.append(figure.markup()));
    text.append("</div>\n");
    section
        .notes()
        .forEach(
            note -> text.append("<p class=\"note\">").append(Markup.escape(note)).append("</p>\n"));
    text.append("</section>\n");
  }

  private static String style() {
    try (InputStream in = Page.class.getResourceAsStream(STYLE)) {
      return new String(Objects.requireNonNull(in, STYLE).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException("style cannot be read: " + STYLE, e);
    }
  }
}
