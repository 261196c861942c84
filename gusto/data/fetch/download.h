#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "gusto/base/context.h"
#include "gusto/data/fetch/http.h"

namespace gusto {

/// The stage of progress while another process downloads the same file.
inline constexpr std::string_view kWaitingForDownload = "waiting";

struct DownloadOptions {
  HttpLimits http = {};
  int attempts = 5;                                ///< in a row that bring nothing
  std::chrono::milliseconds pause{500};            ///< before the second attempt; doubled before each further one
  std::uint64_t largest = std::uint64_t{8} << 30;  ///< bytes that are taken from a server
  bool replace = false;                            ///< whether a target that exists is downloaded again
  std::function<void(const std::filesystem::path&)> accept =
      {};  ///< looks at the complete file before it takes its place
};

/// Downloads a file; whoever opens the target finds all of it or nothing. What has come when a download ends early
/// stays beside the target (see PartFile), and the next one resumes from there, if the server says that the file is the
/// same and can send a part of it; else it starts again. Of several downloads to one target at once, one works and the
/// others wait for it.
///
/// Says whether anything was downloaded: false, if the target was there, or somebody else downloaded it meanwhile.
/// Progress is reported in bytes, under the stage "downloading".
/// Errors   not_found, if the server has no such file; io, if it can't be reached, fails, or the disk is full;
///          canceled; what `accept` throws, after which nothing is left if that is corrupt_file
bool download(const std::string& url, const std::filesystem::path& target, const DownloadOptions& options,
              Context& context);

/// A short text, up to 64 KiB; nothing if the server has no such file.
/// Errors   as download
std::optional<std::string> download_text(const std::string& url, const DownloadOptions& options, Context& context);

}  // namespace gusto
