#include "gusto/data/fetch/download.h"

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "gusto/base/testing/testing.h"
#include "gusto/data/testing/http_server.h"
#include "gusto/data/testing/open_text.h"

namespace gusto {
namespace {

using test::content_of;
using test::TemporaryFolder;
using testing::ElementsAre;
using testing_io::complaint;
using testing_io::http_head;
using testing_io::HttpConnection;
using testing_io::HttpRequest;
using testing_io::HttpServer;
using testing_io::send_file;

std::string some_bytes(std::size_t size, unsigned seed = 1) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) {
    seed = seed * 1664525U + 1013904223U;
    byte = static_cast<char>(seed >> 24U);
  }
  return bytes;
}

// Options for tests: no waiting.
DownloadOptions quick(int attempts = 3) {
  DownloadOptions options;
  options.pause = std::chrono::milliseconds(1);
  options.attempts = attempts;
  return options;
}

struct Place {
  TemporaryFolder folder;
  std::filesystem::path target = folder.path() / "cache" / "x.zip";
  std::filesystem::path part = folder.path() / "cache" / "x.zip.part";

  bool get(const std::string& url, const DownloadOptions& options = quick(),
           const CancelToken* cancel = nullptr) const {
    Context context({.threads = 1, .cancel = cancel});
    return download(url, target, options, context);
  }
  /// What there is beside the target's folder.
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(target.parent_path())) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  std::string failure(const std::string& url, const DownloadOptions& options = quick(),
                      ErrorCode code = ErrorCode::io) const {
    std::string said = complaint([&] { get(url, options); }, code);
    for (std::size_t at = said.find(url); at != std::string::npos; at = said.find(url))
      said.replace(at, url.size(), "URL");
    return said;
  }
};

const std::string kFile = some_bytes(300'000);

TEST(Download, BringsAFileOnce) {
  const HttpServer server([](const HttpRequest& request, const HttpConnection& to) { send_file(request, to, kFile); });
  const Place place;
  EXPECT_TRUE(place.get(server.url() + "x.zip"));
  EXPECT_EQ(content_of(place.target), kFile);
  EXPECT_THAT(place.files(), ElementsAre("x.zip"));
  EXPECT_FALSE(place.get(server.url() + "x.zip"));
  ASSERT_EQ(server.requests().size(), 1U);
  EXPECT_EQ(server.requests()[0].path, "/x.zip");
  DownloadOptions again = quick();
  again.replace = true;
  EXPECT_TRUE(place.get(server.url() + "x.zip", again));
}

TEST(Download, GoesOnWhereAConnectionWasCut) {
  const HttpServer server(
      [](const HttpRequest& request, const HttpConnection& to) { send_file(request, to, kFile, "\"v1\"", 100'000); });
  const Place place;
  EXPECT_TRUE(place.get(server.url() + "x.zip"));
  EXPECT_EQ(content_of(place.target), kFile);
  ASSERT_EQ(server.requests().size(), 3U);
  EXPECT_EQ(server.requests()[1].headers.at("range"), "bytes=100000-");
  EXPECT_EQ(server.requests()[1].headers.at("if-range"), "\"v1\"");
  EXPECT_EQ(server.requests()[2].headers.at("range"), "bytes=200000-");
}

TEST(Download, GoesOnFromWhatAnEarlierOneLeft) {
  std::atomic<bool> broken = true;
  const HttpServer server([&](const HttpRequest& request, const HttpConnection& to) {
    if (broken && request.headers.contains("range")) {
      to.send(http_head("503 Service Unavailable", {"Content-Length: 4"}) + "text");
    } else {
      send_file(request, to, kFile, "\"v1\"", broken ? 100'000 : kFile.size());
    }
  });
  const Place place;
  const std::string url = server.url() + "x.zip";
  EXPECT_EQ(
      place.failure(url),
      "URL cannot be downloaded: the server answers 503. | What has come so far is kept: run the command again to go "
      "on.");
  EXPECT_THAT(place.files(), ElementsAre("x.zip.part", "x.zip.part.origin"));
  EXPECT_EQ(content_of(place.part), kFile.substr(0, 100'000));
  broken = false;
  EXPECT_TRUE(place.get(url));
  EXPECT_EQ(content_of(place.target), kFile);
  EXPECT_EQ(server.requests().back().headers.at("range"), "bytes=100000-");
  EXPECT_THAT(place.files(), ElementsAre("x.zip"));
}

TEST(Download, NeverPutsTwoVersionsTogether) {
  const std::string newer = some_bytes(kFile.size(), 2);
  std::atomic<int> served = 0;
  const HttpServer server([&](const HttpRequest& request, const HttpConnection& to) {
    if (served++ == 0) send_file(request, to, kFile, "\"v1\"", 100'000);
    else send_file(request, to, newer, "\"v2\"");
  });
  const Place place;
  EXPECT_TRUE(place.get(server.url() + "x.zip"));
  EXPECT_EQ(content_of(place.target), newer);
}

TEST(Download, BeginsAnewWhereAPartCannotBeCompared) {
  // Neither ETag nor date; a weak ETag only; a part of another place than was asked for.
  const std::vector<std::string> heads{
      http_head("200 OK", {fmt::format("Content-Length: {}", kFile.size())}),
      http_head("200 OK", {"ETag: W/\"v1\"", fmt::format("Content-Length: {}", kFile.size())})};
  for (const std::string& head : heads) {
    std::atomic<int> served = 0;
    const HttpServer server([&](const HttpRequest& request, const HttpConnection& to) {
      EXPECT_FALSE(request.headers.contains("range"));
      to.send(head);
      to.send(served++ == 0 ? kFile.substr(0, 1000) : kFile);
    });
    const Place place;
    EXPECT_TRUE(place.get(server.url() + "x.zip"));
    EXPECT_EQ(content_of(place.target), kFile);
    EXPECT_EQ(server.requests().size(), 2U);
  }
  std::atomic<int> served = 0;
  const HttpServer server([&](const HttpRequest& request, const HttpConnection& to) {
    if (served++ == 1) {
      to.send(http_head("206 Partial Content", {"ETag: \"v1\"", "Content-Length: 10",
                                                fmt::format("Content-Range: bytes 0-9/{}", kFile.size())}) +
              kFile.substr(0, 10));
    } else {
      send_file(request, to, kFile, "\"v1\"", served == 1 ? 1000 : kFile.size());
    }
  });
  const Place place;
  EXPECT_TRUE(place.get(server.url() + "x.zip"));
  EXPECT_EQ(content_of(place.target), kFile);
}

TEST(Download, UsesTheDateWhereThereIsNoTag) {
  const std::string date = "Mon, 01 Jan 1996 00:00:00 GMT";
  std::atomic<int> served = 0;
  const HttpServer server([&](const HttpRequest& request, const HttpConnection& to) {
    if (served++ == 0) {
      to.send(http_head("200 OK", {"Last-Modified: " + date, fmt::format("Content-Length: {}", kFile.size())}) +
              kFile.substr(0, 1000));
    } else {
      send_file(request, to, kFile, date);
    }
  });
  const Place place;
  EXPECT_TRUE(place.get(server.url() + "x.zip"));
  EXPECT_EQ(content_of(place.target), kFile);
  EXPECT_EQ(server.requests().back().headers.at("range"), "bytes=1000-");
}

TEST(Download, TakesTheWholeFromServersThatIgnoreRanges) {
  std::atomic<int> served = 0;
  const HttpServer server([&](const HttpRequest&, const HttpConnection& to) {
    to.send(http_head("200 OK", {"ETag: \"v1\"", fmt::format("Content-Length: {}", kFile.size())}));
    to.send(kFile.substr(0, served++ == 0 ? 100'000 : kFile.size()));
  });
  const Place place;
  EXPECT_TRUE(place.get(server.url() + "x.zip"));
  EXPECT_EQ(content_of(place.target), kFile);
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST(Download, TakesWhatHasNoLength) {
  const HttpServer server([](const HttpRequest&, const HttpConnection& to) {
    to.send(http_head("200 OK", {"Transfer-Encoding: chunked"}) + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  });
  const Place place;
  EXPECT_TRUE(place.get(server.url() + "x.zip"));
  EXPECT_EQ(content_of(place.target), "abcde");
}

TEST(Download, FollowsRedirectsToTheWebOnlyAndNotForEver) {
  const HttpServer server([](const HttpRequest& request, const HttpConnection& to) {
    const auto redirect = [&](const std::string& place) {
      to.send(http_head("302 Found", {"Location: " + place, "Content-Length: 5"}) + "moved");
    };
    if (request.path == "/old") redirect("/newer");
    else if (request.path == "/newer") redirect("/x.zip");
    else if (request.path == "/loop") redirect("/loop");
    else if (request.path == "/file") redirect("file:///etc/passwd");
    else if (request.path == "/ftp") redirect("ftp://127.0.0.1/x.zip");
    else send_file(request, to, kFile);
  });
  const Place place;
  EXPECT_TRUE(place.get(server.url() + "old"));
  EXPECT_EQ(content_of(place.target), kFile);
  const Place none;
  EXPECT_EQ(none.failure(server.url() + "loop"),
            "URL cannot be downloaded: it redirects more than 5 times. | Give another address.");
  for (const char* path : {"file", "ftp"}) {
    EXPECT_EQ(none.failure(server.url() + path),
              "URL cannot be downloaded: it leads to an address that may not be followed from there. | Give another "
              "address.");
  }
}

TEST(Download, SaysWhatTheServerAnswers) {
  const HttpServer server([](const HttpRequest& request, const HttpConnection& to) {
    to.send(http_head(request.path.substr(1) + " X", {"Content-Length: 4"}) + "text");
  });
  const Place place;
  EXPECT_EQ(place.failure(server.url() + "404", quick(), ErrorCode::not_found),
            "URL does not exist: the server answers 404. | Check the address.");
  EXPECT_EQ(place.failure(server.url() + "403"),
            "URL cannot be downloaded: the server answers 403. | Try again later.");
  EXPECT_EQ(server.requests().size(), 2U);
  EXPECT_EQ(place.failure(server.url() + "500"),
            "URL cannot be downloaded: the server answers 500. | Try again later.");
  EXPECT_EQ(server.requests().size(), 5U);
  EXPECT_TRUE(place.files().empty());
}

TEST(Download, OutlastsErrorsThatPass) {
  std::atomic<int> served = 0;
  const HttpServer server([&](const HttpRequest& request, const HttpConnection& to) {
    if (served == 0) to.send(http_head("500 Error", {"Content-Length: 0"}));
    else if (served == 1) to.send("HTTP/1.1 2");  // cut in the middle of the head
    else send_file(request, to, kFile);
    ++served;
  });
  const Place place;
  EXPECT_TRUE(place.get(server.url() + "x.zip"));
  EXPECT_EQ(content_of(place.target), kFile);
}

TEST(Download, GivesUpOnServersThatStall) {
  const HttpServer server([](const HttpRequest& request, const HttpConnection& to) {
    send_file(request, to, kFile, "\"v1\"", request.headers.contains("range") ? 0 : 1000);
    to.stall();
  });
  const Place place;
  DownloadOptions options = quick(2);
  options.http.stall = std::chrono::milliseconds(100);
  EXPECT_EQ(
      place.failure(server.url() + "x.zip", options),
      "URL cannot be downloaded: the server sent nothing for 0.10 s. | What has come so far is kept: run the command "
      "again to go on.");
  EXPECT_EQ(content_of(place.part), kFile.substr(0, 1000));
}

TEST(Download, SaysThatThereIsNoNetwork) {
  std::string url;
  {
    const HttpServer server([](const HttpRequest&, const HttpConnection&) {});
    url = server.url() + "x.zip";
  }
  const Place place;
  const std::string said = place.failure(url);
  EXPECT_TRUE(said.starts_with("URL cannot be reached: failed to connect to 127.0.0.1 port ")) << said;
  EXPECT_TRUE(said.ends_with(" | Check the network; what has been fetched before needs none.")) << said;
  EXPECT_EQ(place.failure("ftp://127.0.0.1/x.zip", quick(), ErrorCode::invalid_option),
            "\"URL\" is no address to download from. | Write one that begins with https:// or http://.");
}

// No file of this process may grow larger, as on a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : before_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &limit_);
    const rlimit small{bytes, limit_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &limit_);
    std::signal(SIGXFSZ, before_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit limit_{};
  void (*before_)(int);
};

TEST(Download, KeepsWhatFitsOnAFullDisk) {
  const HttpServer server([](const HttpRequest& request, const HttpConnection& to) { send_file(request, to, kFile); });
  const Place place;
  {
    const FullDisk disk(100'000);
    EXPECT_EQ(place.failure(server.url() + "x.zip"),
              place.part.string() +
                  " cannot be written: File too large. | Make room or choose another folder; what has "
                  "come so far is kept, and resumed.");
  }
  EXPECT_EQ(content_of(place.part), kFile.substr(0, 100'000));
  EXPECT_TRUE(place.get(server.url() + "x.zip"));
  EXPECT_EQ(content_of(place.target), kFile);
  EXPECT_EQ(server.requests().back().headers.at("range"), "bytes=100000-");
}

TEST(Download, RefusesWhatIsTooLarge) {
  const HttpServer server([](const HttpRequest& request, const HttpConnection& to) {
    if (request.path == "/x.zip") return send_file(request, to, kFile);
    to.send(http_head("200 OK", {}) + kFile);
  });
  const Place place;
  DownloadOptions options = quick();
  options.largest = 1000;
  for (const char* path : {"x.zip", "endless"}) {
    EXPECT_EQ(place.failure(server.url() + path, options),
              "URL is larger than it says, or than 1000 B. | It is not the file that is meant.");
  }
}

TEST(Download, OfTwoAtOnceOneWorksAndTheOtherWaits) {
  const HttpServer server([](const HttpRequest& request, const HttpConnection& to) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    send_file(request, to, kFile);
  });
  const Place place;
  std::atomic<int> downloaded = 0;
  const auto get = [&] {
    if (place.get(server.url() + "x.zip")) ++downloaded;
    EXPECT_EQ(content_of(place.target), kFile);
  };
  std::thread other(get);
  get();
  other.join();
  EXPECT_EQ(downloaded, 1);
  EXPECT_EQ(server.requests().size(), 1U);
  EXPECT_THAT(place.files(), ElementsAre("x.zip"));
}

TEST(Download, ThatIsCanceledCanBeGoneOnWith) {
  std::atomic<bool> stalling = true;
  CancelToken cancel;
  const HttpServer server([&](const HttpRequest& request, const HttpConnection& to) {
    send_file(request, to, kFile, "\"v1\"", stalling ? 1000 : kFile.size());
    if (!stalling) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    cancel.cancel();
    to.stall();
  });
  const Place place;
  EXPECT_EQ(test::code_of([&] { place.get(server.url() + "x.zip", quick(), &cancel); }), ErrorCode::canceled);
  EXPECT_EQ(content_of(place.part), kFile.substr(0, 1000));
  stalling = false;
  EXPECT_TRUE(place.get(server.url() + "x.zip"));
  EXPECT_EQ(content_of(place.target), kFile);
}

TEST(Download, TakesItsPlaceOnlyOnceAccepted) {
  const HttpServer server([](const HttpRequest& request, const HttpConnection& to) { send_file(request, to, kFile); });
  const Place place;
  DownloadOptions options = quick();
  for (const ErrorCode code : {ErrorCode::corrupt_file, ErrorCode::canceled}) {
    options.accept = [&](const std::filesystem::path& file) {
      EXPECT_EQ(content_of(file), kFile);
      EXPECT_FALSE(std::filesystem::exists(place.target));
      throw Error(code, "No.");
    };
    EXPECT_EQ(test::code_of([&] { place.get(server.url() + "x.zip", options); }), code);
    EXPECT_EQ(place.files().empty(), code == ErrorCode::corrupt_file);
  }
  // All of it is here: it is only looked at again.
  EXPECT_TRUE(place.get(server.url() + "x.zip"));
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST(DownloadText, IsShortOrNone) {
  const HttpServer server([](const HttpRequest& request, const HttpConnection& to) {
    if (request.path == "/sum") return send_file(request, to, "0123  x.zip\n");
    if (request.path == "/long") return send_file(request, to, kFile);
    to.send(http_head("404 Not Found", {"Content-Length: 4"}) + "text");
  });
  Context context({.threads = 1});
  EXPECT_EQ(download_text(server.url() + "sum", quick(), context), "0123  x.zip\n");
  EXPECT_EQ(download_text(server.url() + "long", quick(), context), kFile.substr(0, 64 << 10));
  EXPECT_EQ(download_text(server.url() + "none", quick(), context), std::nullopt);
}

}  // namespace
}  // namespace gusto
