#include "gusto/data/fetch/fetch.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <md5.h>

#include "gusto/base/testing/testing.h"
#include "gusto/data/open/open.h"
#include "gusto/data/testing/archives.h"
#include "gusto/data/testing/http_server.h"
#include "gusto/data/testing/open_text.h"

namespace gusto {
namespace {

using test::TemporaryFolder;
using testing::HasSubstr;
using testing_io::complaint;
using testing_io::http_head;
using testing_io::HttpConnection;
using testing_io::HttpRequest;
using testing_io::HttpServer;
using testing_io::Packing;

TEST(PublishedSets, AreNamedAndDescribed) {
  EXPECT_EQ(published_sets().size(), 8U);
  std::uint64_t before = 0;
  for (const PublishedSet& set : published_sets()) {
    EXPECT_EQ(&find_published_set(set.name), &set);
    EXPECT_TRUE(set.md5.size() == 32 || (set.md5.empty() && set.name.starts_with("ml-latest")));
    EXPECT_GE(set.ratings, before == 100'836 ? 100'000 : before);
    EXPECT_GT(set.bytes, 0U);
    EXPECT_THAT(license_sentence(set), HasSubstr("commercially without its permission"));
    before = set.ratings;
  }
  EXPECT_EQ(complaint([] { find_published_set("ml-2m"); }, ErrorCode::not_found),
            "There is no set \"ml-2m\" to fetch. | Did you mean ml-1m?");
}

/// The files of a site, by path, sent whole.
HttpServer::Handler site(std::map<std::string, std::string> files) {
  return [files = std::move(files)](const HttpRequest& request, const HttpConnection& to) {
    const auto file = files.find(request.path);
    if (file != files.end()) testing_io::send_file(request, to, file->second);
    else to.send(http_head("404 Not Found", {"Content-Length: 0"}));
  };
}

struct Cache {
  TemporaryFolder folder;

  FetchedSet fetch(std::string_view name, const HttpServer& server) const {
    Context context({.threads = 1});
    FetchOptions options;
    options.cache = folder.path();
    options.site = server.url();
    options.download.attempts = 1;
    return fetch_set(find_published_set(name), options, context);
  }
  bool empty() const { return std::filesystem::is_empty(folder.path()); }
};

std::string md5(std::string_view text) {
  std::array<char, MD5_DIGEST_STRING_LENGTH> digits{};
  return MD5Data(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), digits.data());
}

const std::string kZip =
    testing_io::packed(Packing::zip, {{"ml-latest-small/ratings.csv", "userId,movieId,rating,timestamp\n1,2,3.5,4\n"},
                                      {"ml-latest-small/movies.csv", "movieId,title,genres\n2,Heat (1995),Action\n"}});

// Two of the digests in RFC 1321, appendix A.5; the file of many parts by md5sum.
TEST(Fetch, TakesTheChecksumOfAWholeFile) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "file";
  Context context({.threads = 1});
  const auto checksum = [&](const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
    return md5_of_file(path, context);
  };
  EXPECT_EQ(checksum(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(checksum("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(checksum(std::string(3'000'000, 'x')), "8e32e22642bddc89698e25a4e9bf528b");
}

TEST(Fetch, BringsASetThatOpens) {
  for (const std::string& sum : {fmt::format("MD5 (ml-latest-small.zip) = {}\n", md5(kZip)),
                                 fmt::format("{}  ml-latest-small.zip\n", md5(kZip))}) {
    const HttpServer server(site({{"/ml-latest-small.zip", kZip}, {"/ml-latest-small.zip.md5", sum}}));
    const Cache cache;
    const FetchedSet fetched = cache.fetch("ml-latest-small", server);
    EXPECT_EQ(fetched.path, cache.folder.path() / "ml-latest-small.zip");
    EXPECT_TRUE(fetched.downloaded);
    EXPECT_TRUE(fetched.checked);
    Context context({.threads = 1});
    const OpenedDataset opened = open_dataset(fetched.path, {}, context);
    EXPECT_EQ(opened.report.layout, "ml-latest");
    EXPECT_EQ(opened.data->event_count(), 1U);
    EXPECT_EQ(server.requests().size(), 2U);
    EXPECT_FALSE(cache.fetch("ml-latest-small", server).downloaded);
    EXPECT_EQ(server.requests().size(), 2U);
  }
}

TEST(Fetch, DoesWithoutAChecksumWhereNoneIsPublished) {
  const HttpServer server(site({{"/ml-latest.zip", kZip}}));
  const Cache cache;
  const FetchedSet fetched = cache.fetch("ml-latest", server);
  EXPECT_TRUE(fetched.downloaded);
  EXPECT_FALSE(fetched.checked);
}

TEST(Fetch, RefusesAWrongChecksum) {
  const HttpServer server(site({{"/ml-1m.zip", kZip}}));
  const Cache cache;
  EXPECT_EQ(complaint([&] { cache.fetch("ml-1m", server); }, ErrorCode::corrupt_file),
            fmt::format("{}ml-1m.zip as downloaded has the checksum {}, and c4d9eecfca2ab87c1945afe126590906 is "
                        "published. | It was removed: try again, and from another network if that does not help.",
                        server.url(), md5(kZip)));
  EXPECT_TRUE(cache.empty());
}

TEST(Fetch, RefusesWhatIsNoArchive) {
  const HttpServer server(site({{"/ml-latest.zip", "<html>Log in to this network</html>"}}));
  const Cache cache;
  EXPECT_EQ(complaint([&] { cache.fetch("ml-latest", server); }, ErrorCode::corrupt_file),
            fmt::format("{}ml-latest.zip as downloaded is no archive. | It was removed: look in a browser at what that "
                        "address gives.",
                        server.url()));
  EXPECT_TRUE(cache.empty());
  const HttpServer none(site({}));
  EXPECT_EQ(test::code_of([&] { cache.fetch("ml-20m", none); }), ErrorCode::not_found);
}

}  // namespace
}  // namespace gusto
