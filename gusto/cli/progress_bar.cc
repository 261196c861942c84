#include "gusto/cli/progress_bar.h"

#include <algorithm>
#include <cmath>

#include <fmt/core.h>

#include "gusto/base/text.h"
#include "gusto/data/fetch/download.h"

namespace gusto::cli {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kRedraw{100};
constexpr milliseconds kLineEvery{10'000};
constexpr milliseconds kLineFirst{2'000};  // stages shorter than this leave no line in a log
constexpr std::size_t kStageWidth = 24;
constexpr std::size_t kBarWidth = 18;

/// "loss 0.4312, rmse 0.8512", or "3.2 MiB" of what is read; may be empty.
std::string numbers_of(const ProgressEvent& event) {
  std::string text;
  const auto add = [&](std::string_view number) { text += text.empty() ? number : fmt::format(", {}", number); };
  if (event.stage == kWaitingForDownload) add("another process is downloading it");
  if (event.unit == ProgressUnit::bytes && event.done > 0) add(format_bytes(event.done));
  if (event.loss) add(fmt::format("loss {:.4f}", *event.loss));
  if (event.metric) add(fmt::format("{} {:.4f}", event.metric->name, event.metric->value));
  return text;
}

}  // namespace

std::string format_clock(double seconds) {
  const auto whole = static_cast<long>(std::ceil(std::max(seconds, 0.0)));
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

ProgressBar::ProgressBar(std::FILE* stream, const Terminal& terminal, ProgressMode mode)
    : stream_(stream), terminal_(terminal), mode_(mode) {}

void ProgressBar::show(const ProgressEvent& event) {
  if (mode_ == ProgressMode::none) return;
  const auto now = Clock::now();
  const milliseconds wait = mode_ == ProgressMode::bar ? kRedraw : kLineEvery;
  if (event.stage != stage_) {
    stage_ = event.stage;
    begun_ = now;
    shown_ = now - wait + (mode_ == ProgressMode::bar ? milliseconds{0} : kLineFirst);
  }
  if (now - shown_ < wait) return;
  shown_ = now;
  draw(event, std::chrono::duration<double>(now - begun_).count());
}

void ProgressBar::draw(const ProgressEvent& event, double elapsed) {
  const double share =
      event.total == 0 ? 0 : std::min(1.0, static_cast<double>(event.done) / static_cast<double>(event.total));
  const std::string numbers = numbers_of(event);
  std::string left;
  if (event.seconds_left && event.done < event.total) left = format_clock(*event.seconds_left) + " left";
  if (mode_ == ProgressMode::lines) {
    std::string line = fmt::format("{}: ", event.stage);
    line += event.total == 0 ? format_clock(elapsed) + " so far" : fmt::format("{:.0f} %", 100 * share);
    if (!left.empty()) line += ", " + left;
    if (!numbers.empty()) line += ", " + numbers;
    fmt::print(stream_, "{}\n", line);
    std::fflush(stream_);
    return;
  }
  const std::string filled = bar(share, kBarWidth);
  std::string tail = event.total == 0 ? format_clock(elapsed) : fmt::format("{:3.0f} %", 100 * share);
  if (!left.empty()) tail += "  " + left;
  if (!numbers.empty()) tail += "  " + numbers;
  const std::size_t used = kStageWidth + 1 + kBarWidth + 1;
  fmt::print(stream_, "\r{} {} {}\033[K", pad_right(shorten(event.stage, kStageWidth), kStageWidth),
             paint(terminal_, Style::accent, pad_right(filled, kBarWidth)), shorten(tail, terminal_.width - used - 1));
  std::fflush(stream_);
  drawn_ = true;
}

void ProgressBar::clear() {
  if (!drawn_) return;
  fmt::print(stream_, "\r\033[K");
  std::fflush(stream_);
  drawn_ = false;
}

}  // namespace gusto::cli
