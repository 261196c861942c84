#pragma once

#include <atomic>
#include <thread>

#include "gusto/base/context.h"

namespace gusto::cli {

/// While one exists, SIGINT, SIGTERM and SIGHUP (unless that is ignored, as by nohup) ask the work to stop through the
/// token. Work that has not stopped after 0.8 s, such as the reading of a large file, is ended: exit status 1, unless a
/// result is being written (see WriteGuard). A second signal ends the process at once, with the same status.
///
/// The signals are blocked in all threads, and one waits for them: no handler runs on the stack of a thread that
/// computes. So it is made before any other thread. SIGPIPE is ignored: who writes to a pipe that nobody reads learns
/// it from the write.
class StopSignals {
 public:
  explicit StopSignals(CancelToken& token);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  void wait();

  CancelToken& token_;
  std::atomic<bool> over_{false};
  std::thread thread_;
};

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
