package org.jallocator.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A page of the documentation, cut into what its readers see. */
final class MarkdownPage {

  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Pattern LINK = Pattern.compile("\\[[^\\]]*\\]\\(([^)\\s]+)\\)");
  private static final Pattern CODE = Pattern.compile("`([^`]+)`");
  private static final Pattern HEADING = Pattern.compile("#{1,4} (.*)");

  /** The language of a block that is indented and not fenced. */
  static final String INDENT = "    ";

  /** A block of code: between fences, or indented by four. */
  record Block(String language, String text, int line) {}

  /** A table, with the heading that it stands under and the text between the two. */
  record Table(String heading, String before, List<List<String>> rows) {

    /** {@return the cells of a column, without the header; empty if there is no such column} */
    List<String> column(String name) {
      int column = rows.get(0).indexOf(name);
      return column < 0
          ? List.of()
          : rows.stream().skip(2).map(row -> row.get(column)).collect(Collectors.toList());
    }
  }

  final Path file;
  final String text;
  private final List<Block> blocks = new ArrayList<>();
  private final List<String> prose = new ArrayList<>();

  MarkdownPage(Path file, String text) {
    this.file = file;
    this.text = text;
    split();
  }

  /** {@return all pages of this project} */
  static List<MarkdownPage> all() throws IOException {
    List<MarkdownPage> pages = new ArrayList<>();
    try (Stream<Path> top = Files.list(ROOT);
        Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
      for (Path file : Stream.concat(top, docs).sorted().toList()) {
        if (file.toString().endsWith(".md")) {
          pages.add(new MarkdownPage(file, Files.readString(file)));
        }
      }
    }
    return pages;
  }

  static MarkdownPage of(String name) throws IOException {
    Path file = ROOT.resolve(name);
    return new MarkdownPage(file, Files.readString(file));
  }

  String name() {
    return ROOT.relativize(file).toString().replace('\\', '/');
  }

  private void split() {
    List<String> lines = text.lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      int start = i + 1;
      if (line.startsWith("```")) {
        StringBuilder block = new StringBuilder();
        for (i++; !lines.get(i).startsWith("```"); i++) {
          block.append(lines.get(i)).append('\n');
        }
        blocks.add(new Block(line.substring(3).strip(), block.toString(), start));
      } else if (line.startsWith(INDENT) && i > 0 && lines.get(i - 1).isBlank()) {
        StringBuilder block = new StringBuilder();
        for (; i < lines.size() && lines.get(i).startsWith(INDENT); i++) {
          block.append(lines.get(i).strip()).append('\n');
        }
        i--;
        blocks.add(new Block(INDENT, block.toString(), start));
      } else {
        prose.add(line);
      }
    }
  }

  List<Block> blocks(String language) {
    return blocks.stream().filter(block -> block.language().equals(language)).toList();
  }

  /** {@return the text without the blocks} */
  List<String> prose() {
    return prose;
  }

  /** {@return the targets of the links} */
  List<String> links() {
    return matches(LINK, String.join("\n", prose).replaceAll("`[^`]*`", ""));
  }

  /** {@return what stands between backticks in the text} */
  List<String> code() {
    return matches(CODE, String.join("\n", prose));
  }

  private static List<String> matches(Pattern pattern, String text) {
    return pattern.matcher(text).results().map(match -> match.group(1)).toList();
  }

  /** {@return what a link can name after its #, as GitHub makes it of the headings} */
  Set<String> anchors() {
    Set<String> anchors = new TreeSet<>();
    for (String line : prose) {
      Matcher heading = HEADING.matcher(line);
      if (heading.matches()) {
        anchors.add(
            heading
                .group(1)
                .strip()
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^\\p{L}\\p{N}_ -]", "")
                .replace(' ', '-'));
      }
    }
    return anchors;
  }

  List<Table> tables() {
    List<Table> tables = new ArrayList<>();
    String heading = "";
    StringBuilder before = new StringBuilder();
    for (int i = 0; i < prose.size(); i++) {
      Matcher matcher = HEADING.matcher(prose.get(i));
      if (matcher.matches()) {
        heading = matcher.group(1).strip();
        before.setLength(0);
      }
      if (!prose.get(i).startsWith("|")) {
        before.append(prose.get(i)).append('\n');
        continue;
      }
      List<List<String>> rows = new ArrayList<>();
      for (; i < prose.size() && prose.get(i).startsWith("|"); i++) {
        String row = prose.get(i);
        rows.add(
            Stream.of(row.substring(1, row.lastIndexOf('|')).split("\\|", -1))
                .map(String::strip)
                .toList());
      }
      // The line behind may be the one that says where the figures are from.
      int next = i + 1 < prose.size() ? i + 1 : prose.size() - 1;
      tables.add(new Table(heading, before + prose.get(next), rows));
    }
    return tables;
  }

  @Override
  public String toString() {
    return name();
  }
}
