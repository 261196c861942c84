#pragma once

/// The ways to divide events by rule or by lot, one function each. Not for callers; use gusto/data/split/split.h.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gusto/data/dataset.h"
#include "gusto/data/split/fold.h"
#include "gusto/data/split/split_files.h"
#include "gusto/data/split/split_spec.h"

namespace gusto::detail {

/// What is to be divided.
struct SplitInput {
  const Dataset& data;
  const std::vector<bool>& eligible;    ///< an entry for every stored event
  std::span<const ItemRow> candidates;  ///< items that rankings may contain
  const SplitSpec& spec;
  std::uint64_t seed;
  bool in_order = false;  ///< whether a user's events are in order of time even where there are no times
};

/// What becomes of every stored event; events that are not eligible count for nothing, whatever is said of them.
struct Division {
  std::string name;
  std::vector<Part> parts;
  CandidateLists given{};
  std::vector<ItemRow> candidates{};  ///< see Fold
  bool each_event = false;            ///< see TestHistories::before
  std::uint64_t untrained_items = 0;  ///< see SplitReceipt
};

/// Error(invalid_input) for those that need times, without; Error(invalid_option) for more users or items than there
/// are.
Division divide_random(const SplitInput& in);
Division divide_holdout(const SplitInput& in);
Division divide_last(const SplitInput& in);
Division divide_time(const SplitInput& in);
Division divide_prequential(const SplitInput& in);
Division divide_users(const SplitInput& in);
Division divide_cold_items(const SplitInput& in);
Division divide_negatives(const SplitInput& in);  ///< that are drawn
std::vector<Division> divide_rolling(const SplitInput& in);
std::vector<Division> divide_kfold(const SplitInput& in);

}  // namespace gusto::detail
