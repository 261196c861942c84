#include "gusto/data/value_profile.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

// A scale of ratings ends at 100 at most, and its mean lies in its upper half; counts have no end, and most are small.
constexpr float kLeastGreatestCount = 20;
constexpr double kLongTail = 5;  // times the mean

constexpr std::array<std::string_view, 5> kTransformNames{"log1p", "log10", "clip", "binary", "rank"};

void require_logarithm(float value) {
  if (value >= 0) return;
  throw Error(ErrorCode::not_finite, fmt::format("The value {} has no logarithm.", value),
              "Leave values below 0 out with the option `positives`, or choose another transform.");
}

void rank_values(std::span<float> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<float> ranks(values.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    while (last < order.size() && values[order[last]] == values[order[first]]) ++last;
    const double mean_place = static_cast<double>(first + last + 1) / 2;
    for (std::size_t i = first; i < last; ++i) {
      ranks[order[i]] = static_cast<float>(mean_place / static_cast<double>(values.size()));
    }
    first = last;
  }
  std::copy(ranks.begin(), ranks.end(), values.begin());
}

}  // namespace

void ValueTransform::apply(std::span<float> values) const {
  switch (kind) {
    case Kind::none: return;
    case Kind::rank: return rank_values(values);
    case Kind::clip:
      for (float& value : values) value = std::min(value, static_cast<float>(most));
      return;
    case Kind::binary:
      for (float& value : values) value = value > 0 ? 1.0F : 0.0F;
      return;
    case Kind::log1p:
    case Kind::log10:
      for (float& value : values) {
        require_logarithm(value);
        const double logarithm = std::log1p(static_cast<double>(value));
        value = static_cast<float>(kind == Kind::log1p ? logarithm : logarithm / std::log(10.0));
      }
  }
}

ValueTransform parse_value_transform(std::string_view text) {
  if (text.empty()) return {};
  constexpr std::string_view kClip = "clip(";
  if (text.starts_with(kClip) && text.ends_with(')')) {
    const auto most = parse_real(text.substr(kClip.size(), text.size() - kClip.size() - 1));
    if (most && *most > 0) return {ValueTransform::Kind::clip, *most};
  }
  const auto found = std::find(kTransformNames.begin(), kTransformNames.end(), text);
  if (text.starts_with("clip")) {
    throw Error(ErrorCode::invalid_option, fmt::format("The transform {} does not say where to clip.", quote(text)),
                "Write clip(N) with a number N above 0, such as clip(20).");
  }
  if (found == kTransformNames.end()) {
    const auto nearest = nearest_name(text, kTransformNames);
    throw Error(ErrorCode::invalid_option, fmt::format("There is no transform {}.", quote(text)),
                nearest ? fmt::format("Did you mean {}?", *nearest)
                        : fmt::format("It is one of {}.", join(kTransformNames, ", ")));
  }
  return {static_cast<ValueTransform::Kind>(found - kTransformNames.begin() + 1), 0};
}

namespace {

/// log(1 + value); of small counts, which are most values, from a table.
double logarithm(float value) {
  static const std::array<double, 256> kOfCounts = [] {
    std::array<double, 256> table{};
    for (std::size_t count = 0; count < table.size(); ++count) table[count] = std::log1p(static_cast<double>(count));
    return table;
  }();
  const bool small = value >= 0 && value < static_cast<float>(kOfCounts.size()) && value == std::floor(value);
  return small ? kOfCounts[static_cast<std::size_t>(value)] : std::log1p(static_cast<double>(value));
}

}  // namespace

void ValueProfile::add(std::span<const float> values) {
  count_ += values.size();
  for (const float value : values) {
    least_ = std::min(least_, value);
    greatest_ = std::max(greatest_, value);
    whole_ = whole_ && value == std::floor(value);
    if (value > 0) {
      sum_ += value;
      logarithms_ += logarithm(value);
    } else {
      ++not_above_0_;
    }
  }
}

bool ValueProfile::are_counts() const {
  return whole_ && least_ >= 0 && greatest_ >= kLeastGreatestCount &&
         static_cast<double>(greatest_) >= kLongTail * sum_ / static_cast<double>(count_);
}

Strength ValueProfile::strength(ValueUse use, bool made) const {
  const bool differ = count_ > 0 && least_ < greatest_ && greatest_ > 0;
  if (!differ || use == ValueUse::ignore) return {};
  const auto choices = static_cast<double>(count_ - not_above_0_);
  if (use == ValueUse::strength || made) return {Strength::Form::linear, choices / sum_};
  if (are_counts()) return {Strength::Form::logarithm, choices / logarithms_};
  return {};
}

std::string ValueProfile::describe(const Strength& strength, ValueUse use) const {
  if (!strength.used()) {
    return use == ValueUse::strength && count_ > 0
               ? "All values are the same, so that every event counts the same where models rank."
               : std::string();
  }
  const std::string left_out =
      not_above_0_ > 0 ? fmt::format("; those not above 0 are no choices: {}", format_count(not_above_0_)) : "";
  if (strength.form == Strength::Form::logarithm) {
    return fmt::format(
        "Values look like counts, {} to {}: where models rank, an event counts by the logarithm of 1 + its value{}.",
        least_, greatest_, left_out);
  }
  return fmt::format("Where models rank, an event counts by its value, {} to {}{}.", least_, greatest_, left_out);
}

}  // namespace gusto
