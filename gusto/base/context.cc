#include "gusto/base/context.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/parallel.h"
#include "gusto/base/system.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kTellAgain{1};
// Seconds, and share of the time limit, after which a pace says something of the whole.
constexpr double kJudgedFrom = 1;
constexpr double kJudgedShare = 0.05;

double seconds_between(Clock::time_point begin, Clock::time_point end) {
  return std::chrono::duration<double>(end - begin).count();
}

}  // namespace

struct Context::Telling {
  std::string stage;
  ProgressEvent last;          // of that stage
  std::size_t first_done = 0;  // where it stood when it was first heard of
  Clock::time_point begun{}, stepped{}, told{};
  std::string limited;  // who may take no longer than …
  double limit = 0;
  Clock::time_point limited_from{};

  void follow(const ProgressEvent& event) {
    stepped = Clock::now();
    if (event.stage != stage || event.done < last.done) {
      stage = event.stage;
      first_done = event.done;
      begun = stepped;
    }
    last = {.stage = stage, .done = event.done, .total = event.total, .unit = event.unit};
  }

  std::optional<double> seconds_left() const {
    if (last.done == first_done || last.done > last.total) return std::nullopt;
    const double each = seconds_between(begun, stepped) / static_cast<double>(last.done - first_done);
    return std::max(0.0, each * static_cast<double>(last.total - last.done) - seconds_between(stepped, Clock::now()));
  }

  void judge(double seconds) const {
    if (limit == 0 || seconds <= limit) return;
    throw Error(ErrorCode::out_of_time,
                fmt::format("{} would take about {} to train, and the option `budget` allows {}.", limited,
                            format_about(seconds), format_about(limit)),
                "Raise the option `budget`, or choose another model, smaller options or fewer data.");
  }
};

Context::Context(ContextOptions options)
    : options_(std::move(options)),
      pool_(std::make_unique<ThreadPool>(options_.threads == 0 ? available_threads() : options_.threads)),
      telling_(std::make_unique<Telling>()) {
  if (options_.memory_limit == 0) options_.memory_limit = available_memory();
}

Context::~Context() = default;

unsigned Context::threads() const { return pool_->threads(); }

void Context::check_canceled() const {
  if (canceled()) throw Error(ErrorCode::canceled, "Stopped as asked; nothing was written.");
}

void Context::progress(ProgressEvent event) {
  if (!options_.progress && telling_->limit == 0) return;
  telling_->follow(event);
  if (!event.seconds_left) event.seconds_left = telling_->seconds_left();
  tell(event);
}

void Context::keep_telling() {
  if (!options_.progress && telling_->limit == 0) return;
  if (telling_->last.done >= telling_->last.total || Clock::now() - telling_->told < kTellAgain) return;
  ProgressEvent again = telling_->last;
  again.seconds_left = telling_->seconds_left();
  tell(again);
}

void Context::limit_time(std::string_view who, double seconds, double estimate) {
  telling_->limited = who;
  telling_->limit = seconds;
  telling_->limited_from = Clock::now();
  telling_->judge(estimate);
  if (estimate > 0) progress({.stage = who, .total = 1, .seconds_left = estimate});
}

void Context::tell(ProgressEvent event) {
  telling_->told = Clock::now();
  const double elapsed = seconds_between(telling_->limited_from, telling_->told);
  if (elapsed >= std::max(kJudgedFrom, kJudgedShare * telling_->limit)) {
    telling_->judge(elapsed + event.seconds_left.value_or(0));
  }
  if (!options_.progress) return;
  try {
    options_.progress(event);
  } catch (...) {
    ++sink_throws_;
    throw;
  }
}

void Context::require_memory(std::string_view who, std::uint64_t bytes) const {
  if (bytes <= options_.memory_limit) return;
  throw Error(ErrorCode::out_of_memory,
              fmt::format("{} needs about {}, and the memory limit is {}.", who, format_bytes(bytes),
                          format_bytes(options_.memory_limit)),
              "Raise the option `memory_limit`, or choose a smaller model or fewer data.");
}

void parallel_blocks(Context& context, std::size_t n, std::size_t block,
                     const std::function<void(std::size_t, std::size_t, unsigned)>& body) {
  context.pool().run((n + block - 1) / block, [&](std::size_t index, unsigned worker) {
    context.check_canceled();
    if (worker == 0) context.keep_telling();
    body(index * block, std::min(n, (index + 1) * block), worker);
  });
}

double parallel_sum(Context& context, std::size_t n, std::size_t block,
                    const std::function<double(std::size_t, std::size_t)>& body) {
  std::vector<double> parts((n + block - 1) / block);
  parallel_blocks(context, n, block,
                  [&](std::size_t begin, std::size_t end, unsigned) { parts[begin / block] = body(begin, end); });
  return std::accumulate(parts.begin(), parts.end(), 0.0);
}

}  // namespace gusto
