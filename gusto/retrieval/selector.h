#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "gusto/retrieval/top_lists.h"

namespace gusto {

/// Keeps the k best of scores that arrive in order of item rows, ties to the lower row. Since later rows lose ties,
/// only scores above the k-th best so far need a look.
///
/// Cost  amortized O(1) a push: every k pushes or more, the worst half is thrown away
class Selector {
 public:
  explicit Selector(std::size_t k) : k_(k) {}

  void begin() {
    keys_.clear();
    full_ = false;
    threshold_ = -std::numeric_limits<float>::infinity();
  }

  /// No later score that is not above this can enter; −infinity as long as any can.
  float threshold() const { return threshold_; }
  /// The same, but NaN as long as any score can enter, −infinity too.
  float threshold_or_nan() const { return full_ ? threshold_ : std::numeric_limits<float>::quiet_NaN(); }

  /// Raises the threshold if so many scores have come in since that it pays.
  void tighten() {
    if (k_ > 0 && keys_.size() >= (full_ ? k_ + k_ / 2 + kSlack / 4 : k_)) shrink();
  }

  void push(float score, std::uint32_t row) {
    if (k_ == 0 || (full_ && score <= threshold_)) return;
    keys_.push_back(sort_key(score, row));
    if (keys_.size() >= 2 * k_ + kSlack) shrink();
  }

  /// The k best, best first; begin() starts again.
  std::vector<ScoredItem> take() {
    if (keys_.size() > k_) shrink();
    std::sort(keys_.begin(), keys_.end(), std::greater<>());
    std::vector<ScoredItem> best(keys_.size());
    std::transform(keys_.begin(), keys_.end(), best.begin(), from_key);
    return best;
  }

 private:
  static constexpr std::size_t kSlack = 64;

  /// Score and row in one number that sorts as lists do: higher scores first, then lower rows.
  static std::uint64_t sort_key(float score, std::uint32_t row) {
    const auto bits = std::bit_cast<std::uint32_t>(score + 0.0F);  // −0 becomes 0
    const std::uint32_t ordered = bits ^ ((bits >> 31) != 0 ? 0xffffffffU : 0x80000000U);
    return std::uint64_t{ordered} << 32 | (0xffffffffU - row);
  }

  static ScoredItem from_key(std::uint64_t key) {
    const auto ordered = static_cast<std::uint32_t>(key >> 32);
    const std::uint32_t bits = ordered ^ ((ordered >> 31) != 0 ? 0x80000000U : 0xffffffffU);
    return {ItemRow(0xffffffffU - static_cast<std::uint32_t>(key)), std::bit_cast<float>(bits)};
  }

  void shrink() {
    const auto last = keys_.begin() + static_cast<std::ptrdiff_t>(k_) - 1;
    std::nth_element(keys_.begin(), last, keys_.end(), std::greater<>());
    threshold_ = from_key(*last).score;
    full_ = true;
    keys_.resize(k_);
  }

  std::size_t k_;
  bool full_ = false;  // whether k scores have been found
  float threshold_ = -std::numeric_limits<float>::infinity();
  std::vector<std::uint64_t> keys_;
};

}  // namespace gusto
