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
  std::vector<std::int64_t> times;
  std::vector<float> targets;

  void add(std::size_t user, std::size_t item, std::int64_t time, float target) {
    users.push_back(static_cast<std::uint32_t>(user));
    items.push_back(static_cast<std::uint32_t>(item));
    times.push_back(time);
    targets.push_back(target);
  }
};

/// What is learned of an event's value: the value; for likes whether it reaches the threshold; for top-n 1.
float fm_target(float value, Task task, double like_threshold);

/// Items drawn uniformly among those that `items` does not hold, `each` for each of them on average; none, if it holds all.
std::vector<std::uint32_t> draw_negatives(std::span<const std::uint32_t> items, std::size_t item_count, double each,
                                          Random random);

/// A data set's events, user by user. For top-n each user's are followed by `negatives` times as many that did not take place,
/// of value 0, at the times of those that did.
FmEvents fm_events(const Dataset& data, Task task, double negatives, double like_threshold, std::uint64_t seed);

}  // namespace gusto
