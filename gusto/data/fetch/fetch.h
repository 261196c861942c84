#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "gusto/base/context.h"
#include "gusto/data/fetch/download.h"
#include "gusto/data/fetch/movielens_sets.h"

namespace gusto {

struct FetchOptions {
  std::filesystem::path cache;    ///< a folder, made if need be
  std::string site{kGroupLens};   ///< where NAME.zip and NAME.zip.md5 are
  DownloadOptions download = {};  ///< its `accept` is not used
};

struct FetchedSet {
  std::filesystem::path path;  ///< of the archive, which open_dataset takes
  bool downloaded = false;     ///< or was there
  bool checked = false;        ///< whether there was a published checksum to compare with; of what was downloaded
};

/// Where a set's archive is, or will be.
std::filesystem::path cached_path(const PublishedSet& set, const std::filesystem::path& cache);

/// A set's archive: the one in the cache, or downloaded into it. A download is compared with the checksum that
/// GroupLens publishes, and takes its place only once it has been found to be an archive.
/// Errors   as download; corrupt_file, if the checksum is another, or it is no archive
FetchedSet fetch_set(const PublishedSet& set, const FetchOptions& options, Context& context);

/// The MD5 of a file (RFC 1321, by libmd) as 32 lower-case hexadecimal digits, to compare with a published checksum. It
/// tells of accidents, not of attacks. Reported as progress in bytes, under the stage "checking".
/// Errors   not_found; io; canceled
std::string md5_of_file(const std::filesystem::path& path, Context& context);

}  // namespace gusto
