#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gusto/base/random.h"
#include "gusto/data/dataset.h"
#include "gusto/models/task.h"

namespace gusto {

/// Training events as a factorization machine's sampler takes them, by column.
struct FmEvents {
  std::vector<std::uint32_t> users, items;
  std::vector<std::int64_t> times;  ///< kNoTime where there is none
  std::vector<float> targets;
};

/// Events are counted in 32 bits.
inline constexpr std::uint64_t kMostFmEvents = 0xffffffff;

/// What is learned of an event's value: the value; for likes whether it reaches the threshold; for top-n 1.
float fm_target(float value, Task task, double like_threshold);

/// So many items drawn uniformly among those that `own` does not hold; none, if it holds all.
/// Cost     O(item_count) for OtherItems, then at most 8 tries a draw on average
/// Threads  may be called concurrently
std::vector<std::uint32_t> draw_negatives(std::span<const std::uint32_t> own, std::size_t item_count, std::size_t count,
                                          Random random);

/// How many events fm_events gives at most.
/// Errors   invalid_option, if they are more than kMostFmEvents
std::uint64_t most_fm_events(const Dataset& data, Task task, double negatives);

/// A data set's events, user by user. For top-n as many are drawn by their strengths (systematic_draw), where these are
/// used, and each user's are followed by `negatives` times as many that did not take place, of value 0, at the times of
/// those that did.
/// Memory   20 bytes an event
/// Errors   those of most_fm_events, before anything is allocated
/// Threads  may be called concurrently; starts none
FmEvents fm_events(const Dataset& data, Task task, double negatives, double like_threshold, std::uint64_t seed);

}  // namespace gusto
