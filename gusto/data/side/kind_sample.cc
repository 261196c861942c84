#include "gusto/data/side/kind_sample.h"

#include <span>
#include <string>

#include "gusto/base/hash.h"
#include "gusto/base/text.h"
#include "gusto/data/side/list_cell.h"

namespace gusto {
namespace {

constexpr std::size_t kLeastShareOfBars = 20;  // one value in so many

std::uint64_t sample_hash(std::string_view text, std::uint64_t seed = 0) {
  return xxh3(std::as_bytes(std::span(text)), seed);
}

}  // namespace

bool is_missing(std::string_view field) {
  const std::string_view value = trim(field);
  if (value.empty() || value == "\\N") return true;
  if (value.size() > 4) return false;
  const std::string lower = to_lower(value);
  return lower == "n/a" || lower == "nan" || lower == "null";
}

void KindSample::add(std::string_view id, std::string_view field) {
  const std::string_view value = trim(field);
  if (is_missing(value)) return;
  ++filled_;
  if (parse_real(value)) {
    ++numbers_;
    if (parse_integer(value)) ++whole_;
    if (value.size() > 1 && value[0] == '0' && value[1] >= '0' && value[1] <= '9') ++padded_;
  }
  if (value.find('|') != std::string_view::npos) ++bars_;
  if (looks_like_list(value)) ++lists_;
  bool inside = false;
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!blank && !inside) ++words_;
    inside = !blank;
  }
  const std::uint64_t id_hash = sample_hash(id);
  values_.insert(sample_hash(value));
  ids_.insert(id_hash);
  pairs_.insert(sample_hash(value, id_hash));
}

FeatureKind KindSample::kind(std::string_view column_name) const {
  if (filled_ == 0) return FeatureKind::categorical;
  if (kLeastShareOfBars * (filled_ - lists_) <= filled_) return FeatureKind::multi;
  if (bars_ * kLeastShareOfBars >= filled_) return FeatureKind::multi;
  const bool codes = whole_ == filled_ && to_lower(column_name).ends_with("id");
  if (all_numbers() && padded_ == 0 && !codes) return FeatureKind::number;
  if (2 * values_.size() > filled_ && 2 * words_ >= 5 * filled_) return FeatureKind::text;
  return pairs_.size() > ids_.size() ? FeatureKind::multi : FeatureKind::categorical;
}

}  // namespace gusto
