package org.jallocator.bench.page;

import static org.junit.jupiter.api.Assumptions.abort;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A headless Chromium, driven through its driver. Where there is none, a test is skipped and says
 * so.
 */
final class Browser implements AutoCloseable {

  private static final String CHROMIUM = "chromium";
  private static final String DRIVER = "chromedriver";
  private static final Pattern PORT = Pattern.compile("on port (\\d+)");

  private final HttpClient http = HttpClient.newHttpClient();
  private final Process driver;
  private final String session;

  private Browser(Process driver, String base, Path chromium, Path profile)
      throws IOException, InterruptedException {
    this.driver = driver;
    List<String> arguments =
        List.of(
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--user-data-dir=" + profile);
    Map<?, ?> answer =
        (Map<?, ?>)
            Objects.requireNonNull(
                post(
                    base + "/session",
                    Map.of(
                        "capabilities",
                        Map.of(
                            "alwaysMatch",
                            Map.of(
                                "browserName",
                                "chrome",
                                "goog:loggingPrefs",
                                Map.of("browser", "ALL"),
                                "goog:chromeOptions",
                                Map.of("binary", chromium.toString(), "args", arguments))))));
    session = base + "/session/" + answer.get("sessionId");
  }

  /** Skips the test if {@link #start} would. */
  static void assumeInstalled() {
    find(CHROMIUM);
    find(DRIVER);
  }

  /** {@return a browser that keeps its profile in a directory} */
  static Browser start(Path profile) throws IOException, InterruptedException {
    Path chromium = find(CHROMIUM);
    Path driver = find(DRIVER);
    Process process =
        new ProcessBuilder(driver.toString(), "--port=0").redirectErrorStream(true).start();
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    List<String> said = new ArrayList<>();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      said.add(line);
      Matcher port = PORT.matcher(line);
      if (line.contains("started successfully") && port.find()) {
        try {
          return new Browser(process, "http://localhost:" + port.group(1), chromium, profile);
        } catch (IOException | RuntimeException e) {
          process.destroy();
          throw e;
        }
      }
    }
    throw new IllegalStateException("driver does not start: " + said);
  }

  private static Path find(String program) {
    for (String directory :
        Objects.requireNonNullElse(System.getenv("PATH"), "").split(File.pathSeparator, -1)) {
      Path file = Path.of(directory, program);
      if (Files.isExecutable(file)) {
        return file;
      }
    }
    return abort(
        "no " + program + " on this machine (Debian: apt-get install chromium chromium-driver)");
  }

  private @Nullable Object post(String url, Map<String, ?> body)
      throws IOException, InterruptedException {
    HttpResponse<String> response =
        http.send(
            HttpRequest.newBuilder(URI.create(url))
                .POST(HttpRequest.BodyPublishers.ofString(JSON.std.asString(body)))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    Object value = JSON.std.mapFrom(response.body()).get("value");
    if (response.statusCode() != 200) {
      throw new IllegalStateException("browser refuses: " + url + ": " + value);
    }
    return value;
  }

  /** Opens a file on a screen of some width. */
  void open(Path page, int width) throws IOException, InterruptedException {
    cdp(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", 900, "deviceScaleFactor", 1, "mobile", width < 500));
    post(session + "/url", Map.of("url", page.toUri().toString()));
  }

  /** Shows pages as for people who like them dark, or light. */
  void scheme(String scheme) throws IOException, InterruptedException {
    cdp(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
  }

  private @Nullable Object cdp(String command, Map<String, ?> parameters)
      throws IOException, InterruptedException {
    return post(session + "/goog/cdp/execute", Map.of("cmd", command, "params", parameters));
  }

  /** {@return what a function body returns} */
  @Nullable Object run(String script) throws IOException, InterruptedException {
    return post(session + "/execute/sync", Map.of("script", script, "args", List.of()));
  }

  /** {@return what a function body returns, a whole number} */
  long number(String script) throws IOException, InterruptedException {
    return ((Number) Objects.requireNonNull(run(script), script)).longValue();
  }

  /** {@return what the console has, since the last time} */
  List<?> console() throws IOException, InterruptedException {
    return (List<?>) Objects.requireNonNull(post(session + "/se/log", Map.of("type", "browser")));
  }

  /** Writes a picture of the whole page. */
  void screenshot(Path file) throws IOException, InterruptedException {
    Map<?, ?> picture =
        (Map<?, ?>)
            Objects.requireNonNull(
                cdp("Page.captureScreenshot", Map.of("captureBeyondViewport", true)));
    Files.write(file, Base64.getDecoder().decode(String.valueOf(picture.get("data"))));
  }

  /** {@return the page as it is printed} */
  byte[] print() throws IOException, InterruptedException {
    return Base64.getDecoder().decode(String.valueOf(post(session + "/print", Map.of())));
  }

  @Override
  public void close() {
    try {
      http.send(
          HttpRequest.newBuilder(URI.create(session)).DELETE().build(),
          HttpResponse.BodyHandlers.discarding());
    } catch (IOException e) {
      // The driver is ended all the same.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    driver.destroy();
  }
}
