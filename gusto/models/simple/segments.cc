#include "gusto/models/simple/segments.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/nn/schema.h"

namespace gusto {
namespace {

constexpr std::string_view kAutoSegments = "auto";
constexpr std::size_t kSegmentRanges = 10;
constexpr std::size_t kMostOfPair = 1000;  // segments of a pair that is not asked for
constexpr std::size_t kMost = std::size_t{1} << 20U;

[[noreturn]] void refuse_segments(std::string_view text, std::string_view why) {
  throw Error(ErrorCode::invalid_option, fmt::format("The segments {} {}.", quote(text), why),
              "Write features of users, alone or joined: gender, age, gender*age; or auto.");
}

}  // namespace

std::size_t Segments::add_feature(const FeatureField& field, std::size_t users) {
  for (std::size_t f = 0; f < features_.size(); ++f) {
    if (features_[f].field == &field) return f;
  }
  Feature feature{&field, {}, field.values.size(), std::vector<std::uint32_t>(users, kNone)};
  if (field.kind == FeatureKind::number) {
    feature.ranges = NumberRanges(field.numbers, kSegmentRanges);
    feature.size = feature.ranges.size();
  }
  for (std::size_t user = 0; user < users; ++user) {
    if (field.kind == FeatureKind::number) {
      const double x = field.numbers[user];
      if (!std::isnan(x)) feature.of_user[user] = static_cast<std::uint32_t>(feature.ranges(x));
    } else if (!field.ids_of(user).empty()) {
      feature.of_user[user] = field.ids_of(user).front();
    }
  }
  features_.push_back(std::move(feature));
  return features_.size() - 1;
}

// How many segments features make together; nothing if they are more than that.
std::optional<std::size_t> Segments::segments_of(const std::vector<std::size_t>& features, std::size_t most) const {
  std::size_t size = 1;
  for (const std::size_t f : features) {
    size *= features_[f].size;
    if (size > most) return std::nullopt;
  }
  return size;
}

// Adds a way, unless one has the same features in whatever order.
void Segments::add_way(std::vector<std::size_t> features, std::size_t size) {
  const auto same = [&](const Way& way) {
    return std::is_permutation(way.features.begin(), way.features.end(), features.begin(), features.end());
  };
  if (std::none_of(ways_.begin(), ways_.end(), same)) ways_.push_back({std::move(features), {}, size});
}

// Every feature that sorts users, and their pairs.
void Segments::add_all(const FeatureTable& table, std::size_t users) {
  std::vector<std::size_t> all;
  for (const FeatureField& field : table.fields()) {
    const bool sorts =
        field.kind == FeatureKind::number || (field.kind == FeatureKind::categorical && nn::groups_rows(field));
    if (sorts) all.push_back(add_feature(field, users));
  }
  const auto add_small = [&](const std::vector<std::size_t>& features, std::size_t most) {
    if (const auto size = segments_of(features, most)) add_way(features, *size);
  };
  for (std::size_t a = 0; a < all.size(); ++a) {
    add_small({all[a]}, kMost);
    for (std::size_t b = 0; b < a; ++b) add_small({all[b], all[a]}, kMostOfPair);
  }
}

Segments::Segments(const Catalog& catalog, std::string_view text) {
  const std::size_t users = catalog.users.size();
  const FeatureTable& table = catalog.user_features;
  std::vector<std::vector<std::size_t>> named;  // each ascending
  for (const std::string_view entry : split(text, ",")) {
    if (trim(entry) == kAutoSegments) {
      add_all(table, users);
      continue;
    }
    std::vector<std::size_t> features;
    for (const std::string_view part : split(entry, "*")) {
      if (trim(part).empty()) refuse_segments(text, "have an entry without a name");
      const FeatureField& field = table.at(trim(part));
      if (field.kind == FeatureKind::text || field.kind == FeatureKind::multi) {
        refuse_segments(text, fmt::format("name {}, which does not put everybody into one group", field.name));
      }
      const std::size_t feature = add_feature(field, users);
      if (std::count(features.begin(), features.end(), feature) > 0) {
        refuse_segments(text, fmt::format("join {} with itself", field.name));
      }
      features.push_back(feature);
    }
    std::vector<std::size_t> ascending = features;
    std::sort(ascending.begin(), ascending.end());
    if (std::count(named.begin(), named.end(), ascending) > 0) {
      refuse_segments(text, fmt::format("have {} twice", trim(entry)));
    }
    const std::optional<std::size_t> size = segments_of(features, kMost);
    if (!size) refuse_segments(text, fmt::format("make more than {} of {}", format_count(kMost), trim(entry)));
    add_way(std::move(features), *size);
    named.push_back(std::move(ascending));
  }
  std::stable_sort(ways_.begin(), ways_.end(),
                   [](const Way& a, const Way& b) { return a.features.size() < b.features.size(); });
  for (std::size_t w = 0; w < ways_.size(); ++w) {
    total_ += ways_[w].size;
    for (std::size_t earlier = 0; earlier < w; ++earlier) {
      const std::vector<std::size_t>& own = ways_[w].features;
      const std::vector<std::size_t>& others = ways_[earlier].features;
      if (std::all_of(others.begin(), others.end(),
                      [&](std::size_t f) { return std::count(own.begin(), own.end(), f) > 0; })) {
        ways_[w].parents.push_back(earlier);
      }
    }
  }
}

// The segment of a way whose features have these values; the last one's run fastest. None where one is kNone.
template <class ValueOf>
std::optional<std::uint32_t> Segments::combine(const Way& way, const ValueOf& value) const {
  std::size_t segment = 0;
  for (const std::size_t f : way.features) {
    const std::uint32_t own = value(f);
    if (own == kNone) return std::nullopt;
    segment = segment * features_[f].size + own;
  }
  return static_cast<std::uint32_t>(segment);
}

// The reverse: the values of a segment's features, in their order.
std::vector<std::uint32_t> Segments::values_of(std::size_t way, std::size_t segment) const {
  const std::vector<std::size_t>& parts = ways_[way].features;
  std::vector<std::uint32_t> values(parts.size());
  for (std::size_t p = parts.size(); p-- > 0;) {
    values[p] = static_cast<std::uint32_t>(segment % features_[parts[p]].size);
    segment /= features_[parts[p]].size;
  }
  return values;
}

std::size_t Segments::parent_segment(std::size_t way, std::size_t segment, std::size_t parent) const {
  const std::vector<std::size_t>& parts = ways_[way].features;
  const std::vector<std::uint32_t> values = values_of(way, segment);
  return *combine(ways_[parent], [&](std::size_t f) {
    return values[static_cast<std::size_t>(std::find(parts.begin(), parts.end(), f) - parts.begin())];
  });
}

std::string Segments::label(std::size_t way, std::size_t segment) const {
  std::string text;
  const std::vector<std::uint32_t> values = values_of(way, segment);
  for (std::size_t p = 0; p < values.size(); ++p) {
    const Feature& feature = features_[ways_[way].features[p]];
    const std::size_t value = values[p];
    const std::string name = feature.field->kind == FeatureKind::number ? feature.ranges.name(value)
                                                                        : std::string(feature.field->values[value]);
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", feature.field->name, name);
  }
  return text;
}

std::optional<std::uint32_t> Segments::of(std::size_t way, UserRow user) const {
  return combine(ways_[way], [&](std::size_t f) { return features_[f].of_user[user.index]; });
}

std::uint32_t Segments::value_of(const Feature& feature, std::string_view text) const {
  if (trim(text).empty()) return kNone;
  if (feature.field->kind != FeatureKind::number) return feature.field->values.find(trim(text)).value_or(kNone);
  const std::optional<double> x = parse_real(trim(text));
  if (!x) {
    throw Error(ErrorCode::invalid_input,
                fmt::format("The feature {} is a number, and {} is none.", feature.field->name, quote(text)));
  }
  return feature.size == 0 ? kNone : static_cast<std::uint32_t>(feature.ranges(*x));
}

std::vector<std::optional<std::uint32_t>> Segments::of(const Query& query) const {
  std::vector<std::uint32_t> values(features_.size(), kNone);
  if (query.user) {
    for (std::size_t f = 0; f < values.size(); ++f) values[f] = features_[f].of_user[query.user->index];
  }
  for (auto given = query.features.begin(); given != query.features.end(); ++given) {
    const auto found = std::find_if(features_.begin(), features_.end(),
                                    [&](const Feature& feature) { return feature.field->name == given->field; });
    if (found == features_.end()) {
      throw Error(ErrorCode::invalid_input, fmt::format("No segment goes by the feature {}.", quote(given->field)),
                  "Leave it out, or train with segments that name it.");
    }
    if (std::any_of(query.features.begin(), given, [&](const FeatureValue& f) { return f.field == given->field; })) {
      throw Error(ErrorCode::invalid_input, fmt::format("The feature {} is given twice.", quote(given->field)));
    }
    values[static_cast<std::size_t>(found - features_.begin())] = value_of(*found, given->value);
  }
  std::vector<std::optional<std::uint32_t>> result;
  for (const Way& way : ways_) result.push_back(combine(way, [&](std::size_t f) { return values[f]; }));
  return result;
}

}  // namespace gusto
