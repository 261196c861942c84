#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gusto/data/dataset.h"
#include "gusto/data/open_options.h"

namespace gusto {

/// What becomes of the value of an event at last, once duplicates are settled.
struct ValueTransform {
  enum class Kind : std::uint8_t {
    none,
    log1p,   ///< ln(1 + v)
    log10,   ///< log₁₀(1 + v)
    clip,    ///< min(v, most)
    binary,  ///< 1 where v > 0, else 0
    rank,    ///< the share of the user's values that are no greater, in (0, 1]; equal values share their mean place
  };
  Kind kind = Kind::none;
  double most = 0;  ///< of clip

  /// In place, over the values of one user.
  /// Errors   not_finite, for a logarithm of a value below 0
  void apply(std::span<float> values) const;
};

/// "log1p", "log10", "clip(20)", "binary", "rank"; empty: none. Error(invalid_option) with the nearest name.
ValueTransform parse_value_transform(std::string_view text);

/// Values of a data set, met block by block.
class ValueProfile {
 public:
  void add(std::span<const float> values);

  /// How events count, `made` if weights, a half-life, a transform or sums made the values.
  Strength strength(ValueUse use, bool made) const;
  /// What that means, a sentence for the report; empty where every event counts the same and nothing else was asked.
  std::string describe(const Strength& strength, ValueUse use) const;

 private:
  bool are_counts() const;

  std::uint64_t count_ = 0;
  float least_ = std::numeric_limits<float>::max();
  float greatest_ = std::numeric_limits<float>::lowest();
  bool whole_ = true;
  double sum_ = 0;         // of what is above 0
  double logarithms_ = 0;  // of 1 + v, likewise
  std::uint64_t not_above_0_ = 0;
};

}  // namespace gusto
