#include "gusto/cli/fetched_data.h"

#include <cstdlib>
#include <system_error>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto::cli {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

std::filesystem::path default_cache() {
  // By the XDG base directory specification, a relative path there does not count.
  if (const std::filesystem::path cache = variable("XDG_CACHE_HOME"); cache.is_absolute()) return cache / "gusto";
  if (const std::filesystem::path home = variable("HOME"); !home.empty()) return home / ".cache" / "gusto";
  throw Error(ErrorCode::not_found, "There is no folder for downloads: neither XDG_CACHE_HOME nor HOME is set.",
              "Set one of them, or download with gusto fetch --cache FOLDER and name the file.");
}

std::string default_site() {
  const std::string site = variable("GUSTO_FETCH_URL");
  return site.empty() ? std::string(kGroupLens) : site;
}

FetchedSet fetch_and_tell(const PublishedSet& set, const FetchOptions& options, Run& run) {
  const std::filesystem::path path = cached_path(set, options.cache);
  std::error_code ignored;
  if (options.download.replace || !std::filesystem::exists(path, ignored)) {
    run.say(fmt::format("Downloading {}: {} ratings by {} users, {}, {}. {}", set.name, format_count(set.ratings),
                        format_count(set.users), set.years, format_bytes(set.bytes), license_sentence(set)));
  }
  try {
    FetchedSet fetched = fetch_set(set, options, run.context());
    run.clear();
    return fetched;
  } catch (const Error& error) {
    run.clear();
    const std::filesystem::path part = path.string() + ".part";
    if (error.code() != ErrorCode::canceled || !std::filesystem::exists(part, ignored)) throw;
    throw Error(ErrorCode::canceled, "Stopped as asked.",
                fmt::format("What has come so far is kept in {}: fetch it again to go on.", part.string()));
  }
}

bool is_downloaded(const std::string& name) {
  std::error_code ignored;
  return std::filesystem::exists(cached_path(find_published_set(name), default_cache()), ignored);
}

std::filesystem::path fetched_data(const std::string& name, Run& run) {
  FetchOptions options;
  options.cache = default_cache();
  options.site = default_site();
  return fetch_and_tell(find_published_set(name), options, run).path;
}

}  // namespace gusto::cli
