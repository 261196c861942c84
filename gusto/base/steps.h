#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <string_view>

#include "gusto/base/context.h"

namespace gusto {

/// Counts the steps of a stage, also from within parallel loops, and tells the context's sink. `stage` is borrowed.
class Steps {
 public:
  /// Tells that none of them is done.
  Steps(Context& context, std::string_view stage, std::size_t total, std::size_t done = 0)
      : context_(context), stage_(stage), total_(total), done_(done) {
    context_.progress(event());
  }

  Context& context() { return context_; }
  ProgressEvent event() const { return {.stage = stage_, .done = done_, .total = total_}; }

  /// Counts steps that are done. Worker 0 runs on the thread that runs the work: it tells.
  void add(std::size_t steps, unsigned worker = 0) {
    done_ += steps;
    if (worker == 0) context_.progress(event());
  }

  /// parallel_blocks over n indexes, each of which is a step.
  void parallel_blocks(std::size_t n, std::size_t block,
                       const std::function<void(std::size_t begin, std::size_t end, unsigned worker)>& body) {
    gusto::parallel_blocks(context_, n, block, [&](std::size_t begin, std::size_t end, unsigned worker) {
      body(begin, end, worker);
      add(end - begin, worker);
    });
  }

 private:
  Context& context_;
  std::string_view stage_;
  std::size_t total_;
  std::atomic<std::size_t> done_;
};

}  // namespace gusto
