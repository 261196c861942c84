#include "gusto/data/fetch/fetch.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <md5.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/bytes/byte_stream.h"
#include "gusto/data/bytes/file_tree.h"

namespace gusto {
namespace {

// The first word of 32 hexadecimal digits: md5sum writes it first, BSD's md5 last.
std::optional<std::string> checksum_in(std::string_view text) {
  std::string word;
  for (const char c : std::string(text) + "\n") {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      word += c;
      continue;
    }
    const auto is_digit = [](char d) { return std::isxdigit(static_cast<unsigned char>(d)) != 0; };
    if (word.size() == 32 && std::all_of(word.begin(), word.end(), is_digit)) return to_lower(word);
    word.clear();
  }
  return std::nullopt;
}

std::optional<std::string> published_checksum(const PublishedSet& set, const std::string& url,
                                              const DownloadOptions& options, Context& context) {
  if (!set.md5.empty()) return std::string(set.md5);
  const std::optional<std::string> text = download_text(url + ".md5", options, context);
  return text ? checksum_in(*text) : std::nullopt;
}

}  // namespace

std::filesystem::path cached_path(const PublishedSet& set, const std::filesystem::path& cache) {
  return cache / fmt::format("{}.zip", set.name);
}

std::string md5_of_file(const std::filesystem::path& path, Context& context) {
  const auto stream = open_stored(path);
  std::vector<char> part(std::size_t{1} << 20);
  MD5_CTX sum;
  MD5Init(&sum);
  while (true) {
    context.check_canceled();
    const std::size_t got = stream->read(part);
    MD5Update(&sum, reinterpret_cast<const std::uint8_t*>(part.data()), got);
    if (got < part.size()) {
      std::array<char, MD5_DIGEST_STRING_LENGTH> digits{};
      return MD5End(&sum, digits.data());
    }
    context.progress("checking", stream->stored_position(), stream->stored_size(), ProgressUnit::bytes);
  }
}

FetchedSet fetch_set(const PublishedSet& set, const FetchOptions& options, Context& context) {
  FetchedSet fetched{cached_path(set, options.cache), false, false};
  std::error_code ignored;
  if (!options.download.replace && std::filesystem::exists(fetched.path, ignored)) return fetched;
  const std::string url = fmt::format("{}{}{}.zip", options.site, options.site.ends_with('/') ? "" : "/", set.name);
  const std::optional<std::string> checksum = published_checksum(set, url, options.download, context);
  DownloadOptions download_options = options.download;
  download_options.accept = [&](const std::filesystem::path& file) {
    if (checksum) {
      if (const std::string found = md5_of_file(file, context); found != *checksum) {
        throw Error(ErrorCode::corrupt_file,
                    fmt::format("{} as downloaded has the checksum {}, and {} is published.", url, found, *checksum),
                    "It was removed: try again, and from another network if that does not help.");
      }
    }
    if (!open_tree(file)) {
      throw Error(ErrorCode::corrupt_file, fmt::format("{} as downloaded is no archive.", url),
                  "It was removed: look in a browser at what that address gives.");
    }
  };
  fetched.downloaded = download(url, fetched.path, download_options, context);
  fetched.checked = fetched.downloaded && checksum.has_value();
  return fetched;
}

}  // namespace gusto
