#include "gusto/base/context.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/parallel.h"
#include "gusto/base/system.h"
#include "gusto/base/text.h"

namespace gusto {

Context::Context(ContextOptions options)
    : options_(std::move(options)),
      pool_(std::make_unique<ThreadPool>(options_.threads == 0 ? available_threads() : options_.threads)) {
  if (options_.memory_limit == 0) options_.memory_limit = available_memory();
}

Context::~Context() = default;

unsigned Context::threads() const { return pool_->threads(); }

void Context::check_canceled() const {
  if (canceled()) throw Error(ErrorCode::canceled, "Stopped as asked; nothing was written.");
}

void Context::progress(ProgressEvent event) {
  if (!options_.progress) return;
  event.seconds_left = seconds_left(event);
  try {
    options_.progress(event);
  } catch (...) {
    ++sink_throws_;
    throw;
  }
}

std::optional<double> Context::seconds_left(const ProgressEvent& event) {
  const auto now = Clock::now();
  if (event.stage != pace_.stage || event.done < pace_.last_done) {
    pace_ = {std::string(event.stage), event.done, event.done, now};
  }
  pace_.last_done = event.done;
  if (event.done == pace_.first_done || event.done > event.total) return std::nullopt;
  const double elapsed = std::chrono::duration<double>(now - pace_.begun).count();
  return elapsed / static_cast<double>(event.done - pace_.first_done) * static_cast<double>(event.total - event.done);
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
