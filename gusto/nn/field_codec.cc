#include "gusto/nn/field_codec.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/hash.h"
#include "gusto/base/random.h"
#include "gusto/base/text.h"
#include "gusto/data/dataset.h"
#include "gusto/nn/calendar.h"
#include "gusto/nn/cross.h"

namespace gusto::nn {

FieldCodec::FieldCodec(const SchemaField& field)
    : spec_(field.spec),
      feature_(field.feature),
      mean_(field.mean),
      deviation_(field.deviation),
      bounds_(field.bounds),
      key_(purpose_key(field.spec.text)) {
  if (spec_.kind == FieldKind::words) {
    pieces_ = WordPieces(field.values);
  } else {
    for (const std::string& value : field.values) values_.add(value);
  }
}

std::uint32_t FieldCodec::id_of(std::string_view value) const {
  const std::optional<std::uint32_t> found = values_.find(value);
  return found ? 1 + *found : 0;
}

Entry FieldCodec::entry_of(double x) const {
  if (std::isnan(x)) return {};
  if (spec_.kind == FieldKind::bucket) {
    const auto range = std::lower_bound(bounds_.begin(), bounds_.end(), x) - bounds_.begin();
    return {static_cast<std::uint32_t>(1 + range), 1};
  }
  return {1, static_cast<float>(std::clamp((x - mean_) / deviation_, -kFarthest, kFarthest))};
}

void FieldCodec::encode_number(double x, Entries& out) const {
  const Entry entry = entry_of(x);
  out.add(entry.id, entry.weight);
}

void FieldCodec::encode_text(std::string_view text, Entries& out) const {
  std::vector<std::uint32_t> ids;
  if (spec_.kind == FieldKind::words) {
    pieces_.encode(text, ids);
  } else {
    for (const std::string& word : words_of(text)) {
      ids.push_back(1 + bucket_of(xxh3(std::as_bytes(std::span(word)), key_), spec_.count));
    }
  }
  if (ids.empty()) ids.push_back(0);
  std::sort(ids.begin(), ids.end());
  for (std::size_t i = 0; i < ids.size();) {
    const std::size_t begin = i;
    while (i < ids.size() && ids[i] == ids[begin]) ++i;
    out.add(ids[begin], static_cast<float>(i - begin) / static_cast<float>(ids.size()));
  }
}

void FieldCodec::encode(const FeatureField& feature, std::size_t row, Entries& out) const {
  if (feature_ == FeatureKind::number) return encode_number(feature.numbers[row], out);
  if (feature_ == FeatureKind::text) return encode_text(feature.texts[row], out);
  const std::span<const std::uint32_t> values = feature.ids_of(row);
  for (const std::uint32_t value : values)
    out.add(id_of(feature.values[value]), 1.0F / static_cast<float>(values.size()));
  if (values.empty()) out.add(0, 1);
}

void FieldCodec::encode(std::string_view value, Entries& out) const {
  if (value.empty()) return out.add(0, 1);
  if (feature_ == FeatureKind::text) return encode_text(value, out);
  if (feature_ == FeatureKind::categorical) return out.add(id_of(value), 1);
  if (feature_ == FeatureKind::number) {
    const std::optional<double> number = parse_real(trim(value));
    if (!number) {
      throw Error(ErrorCode::invalid_input,
                  fmt::format("The feature {} holds {}, which is no number.", spec_.feature, quote(value)),
                  "Write a number, or leave the value out.");
    }
    return encode_number(*number, out);
  }
  std::vector<std::string_view> parts = split(value, "|");
  std::sort(parts.begin(), parts.end());
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
  if (parts.front().empty()) parts.erase(parts.begin());
  for (const std::string_view part : parts) out.add(id_of(part), 1.0F / static_cast<float>(parts.size()));
  if (parts.empty()) out.add(0, 1);
}

void FieldCodec::encode_time(std::int64_t time, Entries& out) const {
  if (time == kNoTime) return out.add(0, 1);
  const Calendar calendar = calendar_of(time);
  switch (spec_.part) {
    case TimePart::hour: return out.add(1 + calendar.hour, 1);
    case TimePart::weekday: return out.add(1 + calendar.weekday, 1);
    case TimePart::month: return out.add(1 + calendar.month, 1);
    case TimePart::year: return out.add(id_of(fmt::format_int(calendar.year).c_str()), 1);
    case TimePart::day: return encode_number(static_cast<double>(calendar.day), out);
  }
}

}  // namespace gusto::nn
