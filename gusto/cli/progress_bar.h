#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>

#include "gusto/base/context.h"
#include "gusto/cli/terminal.h"

namespace gusto::cli {

enum class ProgressMode {
  bar,    ///< one line redrawn in place: stage, bar, share, time left, numbers
  lines,  ///< a plain line when a stage has gone on for a while, then every ten seconds
  none,
};

/// Shows how far work has come, on standard error.
class ProgressBar {
 public:
  ProgressBar(std::FILE* stream, const Terminal& terminal, ProgressMode mode);
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void show(const ProgressEvent& event);
  /// Takes the bar off the screen, before something else is printed.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  void draw(const ProgressEvent& event, double elapsed);

  std::FILE* stream_;
  Terminal terminal_;
  ProgressMode mode_;
  std::string stage_;
  Clock::time_point begun_;
  Clock::time_point shown_;
  bool drawn_ = false;
};

/// "0:07", "12:34", "1:02:03".
std::string format_clock(double seconds);

}  // namespace gusto::cli
