#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "gusto/cli/run.h"
#include "gusto/data/fetch/fetch.h"

namespace gusto::cli {

/// What DATA begins with if it is to be downloaded: "fetch:ml-1m".
inline constexpr std::string_view kFetchPrefix = "fetch:";

/// The folder "gusto" in XDG_CACHE_HOME or ~/.cache. Error(not_found) if neither is known.
std::filesystem::path default_cache();

/// Where sets are downloaded from: GUSTO_FETCH_URL, or GroupLens.
std::string default_site();

/// Fetches a set, and says on standard error what its license allows before it is downloaded.
FetchedSet fetch_and_tell(const PublishedSet& set, const FetchOptions& options, Run& run);

/// Whether the default cache has a set. Error(not_found) if there is none of that name.
bool is_downloaded(const std::string& name);

/// The archive of a set by its name, from the default cache, downloaded if it isn't there.
std::filesystem::path fetched_data(const std::string& name, Run& run);

}  // namespace gusto::cli
