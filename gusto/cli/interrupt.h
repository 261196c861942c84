#pragma once

#include "gusto/base/context.h"

namespace gusto::cli {

/// Makes SIGINT and SIGTERM ask the work to stop through the token. Work that has not stopped after 0.8 s, such as the
/// reading of a large file, is ended: exit status 1, unless a result is being written (see WriteGuard). A second signal
/// ends the process at once.
void stop_on_signals(CancelToken& token);

/// While one exists, there are results to show: work that has not stopped is given twice as long.
class ResultGuard {
 public:
  ResultGuard();
  ~ResultGuard();
  ResultGuard(const ResultGuard&) = delete;
  ResultGuard& operator=(const ResultGuard&) = delete;
};

/// While one exists, the process is not ended in the middle of a write that would leave a temporary file behind; the
/// write itself is atomic and short.
class WriteGuard {
 public:
  WriteGuard();
  ~WriteGuard();
  WriteGuard(const WriteGuard&) = delete;
  WriteGuard& operator=(const WriteGuard&) = delete;
};

}  // namespace gusto::cli
