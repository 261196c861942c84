#include "gusto/data/fetch/download.h"

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/fetch/part_file.h"

namespace gusto {
namespace {

constexpr int kOk = 200;
constexpr int kPartial = 206;
constexpr int kNotFound = 404;
constexpr int kTimeout = 408;
constexpr int kGone = 410;
constexpr int kBadRange = 416;
constexpr int kTooMany = 429;
constexpr int kServerErrors = 500;

bool may_pass(int status) { return status == kTimeout || status == kTooMany || status >= kServerErrors; }

void wait(std::chrono::milliseconds pause, Context& context) {
  const auto end = std::chrono::steady_clock::now() + pause;
  while (std::chrono::steady_clock::now() < end) {
    context.check_canceled();
    std::this_thread::sleep_for(std::min(pause, std::chrono::milliseconds(50)));
  }
}

// Decides after each attempt whether there is to be another one.
class Persistence {
 public:
  Persistence(std::string url, const DownloadOptions& options, bool kept)
      : url_(std::move(url)), options_(options), kept_(kept) {}

  // After an attempt that has not brought the whole file: waits for the next one, or throws.
  void again(const HttpOutcome& outcome, bool progress, Context& context) {
    came_ |= progress;
    failures_ = progress ? 0 : failures_ + 1;
    const std::string hint =
        came_ || kept_ ? "What has come so far is kept: run the command again to go on." : "Try again later.";
    switch (outcome.end) {
      case HttpEnd::refused: fail(outcome.reason, "Give another address.");
      case HttpEnd::unreachable:
        // At the start there is no network, or no such server; later it may come back.
        if (!came_) {
          throw Error(ErrorCode::io, fmt::format("{} cannot be reached: {}.", url_, outcome.reason),
                      "Check the network; what has been fetched before needs none.");
        }
        [[fallthrough]];
      case HttpEnd::cut:
        if (failures_ >= options_.attempts) fail(outcome.reason, hint);
        break;
      case HttpEnd::complete: check_status(outcome.answer.status, hint); break;
    }
    wait(options_.pause * (1 << std::min(failures_, 6)), context);
  }

 private:
  void check_status(int status, const std::string& hint) const {
    if (status == kNotFound || status == kGone) {
      throw Error(ErrorCode::not_found, fmt::format("{} does not exist: the server answers {}.", url_, status),
                  "Check the address.");
    }
    const bool fatal = status != kOk && status != kPartial && status != kBadRange && !may_pass(status);
    if (fatal || failures_ >= options_.attempts) fail(fmt::format("the server answers {}", status), hint);
  }
  [[noreturn]] void fail(const std::string& reason, const std::string& hint) const {
    throw Error(ErrorCode::io, fmt::format("{} cannot be downloaded: {}.", url_, reason), hint);
  }

  std::string url_;
  const DownloadOptions& options_;
  bool kept_;          // whether something had come before
  bool came_ = false;  // or comes now
  int failures_ = 0;
};

class FileDownload {
 public:
  FileDownload(std::string url, PartFile& part, const DownloadOptions& options, Context& context)
      : url_(std::move(url)), part_(part), options_(options), context_(context) {}

  void run() {
    // What can't be compared with what the server has is not resumed from.
    if (part_.size() > 0 && (validator().empty() || part_.origin().url != url_)) part_.restart({});
    Persistence persistence(url_, options_, part_.size() > 0);
    std::uint64_t most = part_.size();
    while (!complete()) {
      const HttpOutcome outcome = attempt();
      if (outcome.end == HttpEnd::complete && received_ && !part_.origin().total) return;
      if (complete()) return;
      if (outcome.end == HttpEnd::complete && outcome.answer.status == kBadRange) part_.restart({});
      persistence.again(outcome, part_.size() > most, context_);
      most = std::max(most, part_.size());
    }
  }

 private:
  const std::string& validator() const {
    return part_.origin().etag.empty() ? part_.origin().last_modified : part_.origin().etag;
  }
  bool complete() const { return part_.origin().total && part_.size() == *part_.origin().total && part_.size() > 0; }

  HttpOutcome attempt() {
    std::vector<std::string> headers;
    if (part_.size() > 0 && !validator().empty()) {
      headers = {fmt::format("Range: bytes={}-", part_.size()), "If-Range: " + validator()};
    }
    received_ = false;
    return http_get(url_, headers, options_.http,
                    {[this](const HttpAnswer& answer) { begin(answer); },
                     [this](std::span<const std::byte> bytes) { take(bytes); }},
                    context_);
  }

  void begin(const HttpAnswer& answer) {
    if (answer.status == kOk) {
      const bool strong = !answer.etag.starts_with("W/");
      part_.restart({url_, strong ? answer.etag : "", answer.last_modified, answer.length});
      received_ = true;
      require_room();
    } else if (answer.status == kPartial) {
      // A part that does not continue what is here is not taken.
      received_ = part_.size() > 0 && answer.range_begin == part_.size() &&
                  (!part_.origin().total || answer.range_total == part_.origin().total);
      if (!received_) part_.restart({});
    }
  }

  void take(std::span<const std::byte> bytes) {
    if (!received_) return;  // the text of an error
    if (part_.size() + bytes.size() > std::min(options_.largest, part_.origin().total.value_or(options_.largest))) {
      fail_size();
    }
    part_.append(bytes);
    context_.progress("downloading", part_.size(), part_.origin().total.value_or(0), ProgressUnit::bytes);
  }

  void require_room() const {
    const std::uint64_t total = part_.origin().total.value_or(0);
    if (total > options_.largest) fail_size();
    std::error_code unknown;
    const auto room = std::filesystem::space(std::filesystem::absolute(part_.path()).parent_path(), unknown);
    if (unknown || room.available >= total) return;
    throw Error(ErrorCode::io,
                fmt::format("{} has {}, and there is room for {} beside {}.", url_, format_bytes(total),
                            format_bytes(room.available), part_.path().string()),
                "Make room or choose another folder.");
  }
  [[noreturn]] void fail_size() const {
    throw Error(ErrorCode::io,
                fmt::format("{} is larger than it says, or than {}.", url_, format_bytes(options_.largest)),
                "It is not the file that is meant.");
  }

  std::string url_;
  PartFile& part_;
  const DownloadOptions& options_;
  Context& context_;
  bool received_ = false;  // whether the answer at hand is of the file itself
};

}  // namespace

bool download(const std::string& url, const std::filesystem::path& target, const DownloadOptions& options,
              Context& context) {
  std::optional<PartFile> part = PartFile::acquire(target, options.replace, context);
  if (!part) return false;
  try {
    FileDownload(url, *part, options, context).run();
    if (options.accept) options.accept(part->path());
  } catch (const Error& error) {
    if (error.code() == ErrorCode::corrupt_file || part->size() == 0) part->discard();
    throw;
  }
  part->complete();
  return true;
}

std::optional<std::string> download_text(const std::string& url, const DownloadOptions& options, Context& context) {
  constexpr std::size_t kLongest = std::size_t{64} << 10;
  Persistence persistence(url, options, false);
  while (true) {
    std::string text;
    const HttpOutcome outcome =
        http_get(url, {}, options.http,
                 {nullptr,
                  [&text](std::span<const std::byte> bytes) {
                    const std::size_t room = kLongest - text.size();
                    text.append(reinterpret_cast<const char*>(bytes.data()), std::min(room, bytes.size()));
                  }},
                 context);
    const int status = outcome.answer.status;
    if (outcome.end == HttpEnd::complete && status == kOk) return text;
    if (outcome.end == HttpEnd::complete && (status == kNotFound || status == kGone)) return std::nullopt;
    persistence.again(outcome, false, context);
  }
}

}  // namespace gusto
