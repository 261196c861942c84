#include "gusto/data/assembly/growing_feature.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace gusto {
namespace {

constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();
constexpr std::uint32_t kNoCategory = std::numeric_limits<std::uint32_t>::max();

bool is_set(double number) { return !std::isnan(number); }
bool is_set(const std::string& text) { return !text.empty(); }
bool is_set(std::uint32_t category) { return category != kNoCategory; }

}  // namespace

GrowingFeature::GrowingFeature(std::string name, FeatureKind kind) {
  field_.name = std::move(name);
  field_.kind = kind;
}

template <class Value>
void GrowingFeature::set_last(std::vector<Value>& values, std::uint32_t row, Value value, const Value& missing) {
  if (values.size() <= row) values.resize(row + std::size_t{1}, missing);
  if (is_set(values[row]) && values[row] != value) ++replaced_;
  values[row] = std::move(value);
}

void GrowingFeature::set_number(std::uint32_t row, double number) { set_last(numbers_, row, number, kNoNumber); }

void GrowingFeature::set_value(std::uint32_t row, std::string_view value) {
  switch (field_.kind) {
    case FeatureKind::text: return set_last(field_.texts, row, std::string(value), std::string());
    case FeatureKind::categorical: return set_last(single_, row, field_.values.add(value), kNoCategory);
    case FeatureKind::multi: return several_.add(row, value);
    case FeatureKind::number: break;
  }
}

std::size_t GrowingFeature::filled() const {
  return single_.size() - static_cast<std::size_t>(std::count(single_.begin(), single_.end(), kNoCategory));
}

FeatureField GrowingFeature::finish(std::size_t rows) && {
  switch (field_.kind) {
    case FeatureKind::number:
      numbers_.resize(rows, kNoNumber);
      field_.numbers = std::move(numbers_);
      break;
    case FeatureKind::text: field_.texts.resize(rows); break;
    case FeatureKind::categorical: {
      single_.resize(rows, kNoCategory);
      field_.offsets.push_back(0);
      for (const std::uint32_t value : single_) {
        if (value != kNoCategory) field_.ids.push_back(value);
        field_.offsets.push_back(field_.ids.size());
      }
      break;
    }
    case FeatureKind::multi: return std::move(several_).finish(field_.name, rows);
  }
  return std::move(field_);
}

}  // namespace gusto
