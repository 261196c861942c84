#include "gusto/nn/schema.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/nn/calendar.h"
#include "gusto/nn/word_pieces.h"

namespace gusto::nn {
namespace {

constexpr std::string_view kUserSide = "user.";
constexpr std::string_view kItemSide = "item.";

std::size_t count_known(std::span<const std::uint32_t> ids) {
  return static_cast<std::size_t>(std::count_if(ids.begin(), ids.end(), [](std::uint32_t id) { return id != 0; }));
}

// Learns field after field from one data set.
class SchemaLearner {
 public:
  explicit SchemaLearner(const Dataset& train)
      : train_(train), users_(training_ids(train, Side::user)), items_(training_ids(train, Side::item)) {}

  SchemaField learn(const FieldSpec& spec) const;

 private:
  const std::vector<std::uint32_t>& ids(Side side) const { return side == Side::user ? users_ : items_; }
  void learn_feature(SchemaField& field) const;
  void learn_time(SchemaField& field) const;
  void learn_history(SchemaField& field) const;
  void learn_parts(SchemaField& field) const;
  std::vector<double> numbers(const FeatureRef& ref) const;
  std::vector<std::string> values(const FeatureRef& ref) const;
  std::vector<std::string> pieces(const FeatureRef& ref, std::size_t count) const;

  const Dataset& train_;
  std::vector<std::uint32_t> users_, items_;
};

// Mean and deviation, in long double, in which no sum of doubles overflows.
void standardize(SchemaField& field, std::span<const double> numbers) {
  if (numbers.empty()) return;
  const auto count = static_cast<long double>(numbers.size());
  long double sum = 0, squares = 0;
  for (const double x : numbers) sum += x;
  const long double mean = sum / count;
  for (const double x : numbers) squares += (x - mean) * (x - mean);
  field.mean = static_cast<double>(mean);
  field.deviation = static_cast<double>(std::sqrt(squares / count));
  if (!(field.deviation > 0)) field.deviation = 1;
}

std::set<std::int64_t> years(const Dataset& train) {
  std::set<std::int64_t> result;
  for (const std::int64_t time : train.times()) {
    if (time != kNoTime) result.insert(calendar_of(time).year);
  }
  return result;
}

std::vector<double> SchemaLearner::numbers(const FeatureRef& ref) const {
  std::vector<double> result;
  for (std::size_t row = 0; row < ids(ref.side).size(); ++row) {
    const double x = ref.feature->numbers[row];
    if (ids(ref.side)[row] != 0 && std::isfinite(x)) result.push_back(x);
  }
  return result;
}

std::vector<std::string> SchemaLearner::values(const FeatureRef& ref) const {
  std::vector<bool> seen(ref.feature->values.size());
  for (std::size_t row = 0; row < ids(ref.side).size(); ++row) {
    if (ids(ref.side)[row] == 0) continue;
    for (const std::uint32_t value : ref.feature->ids_of(row)) seen[value] = true;
  }
  std::vector<std::string> result;
  for (std::size_t value = 0; value < seen.size(); ++value) {
    if (seen[value]) result.emplace_back(ref.feature->values[value]);
  }
  return result;
}

std::vector<std::string> SchemaLearner::pieces(const FeatureRef& ref, std::size_t count) const {
  std::vector<std::string_view> texts;
  for (std::size_t row = 0; row < ids(ref.side).size(); ++row) {
    if (ids(ref.side)[row] != 0) texts.emplace_back(ref.feature->texts[row]);
  }
  return WordPieces::learn(texts, count);
}

void SchemaLearner::learn_feature(SchemaField& field) const {
  const FeatureRef ref = find_feature(train_.catalog(), field.spec.feature);
  field.side = ref.side;
  field.feature = ref.feature->kind;
  check_feature(field.spec, ref.feature->kind);
  switch (field.spec.kind) {
    case FieldKind::bucket: field.bounds = quantile_bounds(numbers(ref), field.spec.count); return;
    case FieldKind::words: field.values = pieces(ref, field.spec.count); return;
    case FieldKind::hash: return;
    default: break;
  }
  if (field.is_number()) standardize(field, numbers(ref));
  else field.values = values(ref);
}

void SchemaLearner::learn_time(SchemaField& field) const {
  if (!train_.has_times()) {
    throw Error(ErrorCode::invalid_option,
                fmt::format("The field {} needs times, and these events have none.", field.spec.text),
                "Leave the field out.");
  }
  if (field.spec.part == TimePart::year) {
    for (const std::int64_t year : years(train_)) field.values.push_back(std::to_string(year));
  }
  if (field.spec.part == TimePart::day) {
    std::vector<double> days;
    for (const std::int64_t time : train_.times()) {
      if (time != kNoTime) days.push_back(static_cast<double>(calendar_of(time).day));
    }
    standardize(field, days);
  }
}

void SchemaLearner::learn_history(SchemaField& field) const {
  std::vector<double> numbers;
  numbers.reserve(train_.event_count());
  for (std::size_t user = 0; user < train_.user_count(); ++user) {
    HistorySummary before;
    for (const float value : train_.history(UserRow(user)).values) {
      const double x = before.number(field.spec.kind);
      if (!std::isnan(x)) numbers.push_back(x);
      before.add(value);
    }
  }
  standardize(field, numbers);
}

void SchemaLearner::learn_parts(SchemaField& field) const {
  for (const FieldSpec& part : field.spec.parts) field.parts.push_back(learn(part));
  field.side = side_of_parts(field.parts);
}

SchemaField SchemaLearner::learn(const FieldSpec& spec) const {
  SchemaField field;
  field.spec = spec;
  switch (spec.kind) {
    case FieldKind::user: field.side = Side::user; break;
    case FieldKind::item: field.side = Side::item; break;
    case FieldKind::feature:
    case FieldKind::bucket:
    case FieldKind::words:
    case FieldKind::hash: learn_feature(field); break;
    case FieldKind::cross: learn_parts(field); break;
    case FieldKind::time: learn_time(field); break;
    case FieldKind::history:
    case FieldKind::rated: break;
    case FieldKind::history_count:
    case FieldKind::history_mean: learn_history(field); break;
  }
  field.rows = rows_of(field, train_);
  return field;
}

}  // namespace

std::vector<double> quantile_bounds(std::vector<double> numbers, std::size_t ranges) {
  std::sort(numbers.begin(), numbers.end());
  std::vector<double> bounds;
  for (std::size_t j = 1; j < ranges && !numbers.empty(); ++j) {
    const double bound = numbers[(numbers.size() * j + ranges - 1) / ranges - 1];
    // A bound at the greatest number would leave the last range empty.
    if (bound < numbers.back() && (bounds.empty() || bounds.back() < bound)) bounds.push_back(bound);
  }
  return bounds;
}

bool groups_rows(const FeatureField& feature) {
  constexpr std::size_t kFew = 100;       // values that are no names, however few the rows
  constexpr std::size_t kLeastGroup = 4;  // rows to a value, on average
  return feature.has_values() &&
         (feature.values.size() <= kFew || feature.values.size() * kLeastGroup <= feature.rows());
}

FieldSpec feature_field(Side side, std::string_view name, const Catalog& catalog) {
  const bool of_user = side == Side::user;
  const FeatureTable& other = of_user ? catalog.item_features : catalog.user_features;
  if (other.find(name) == nullptr) return feature_field(name);
  return feature_field(fmt::format("{}{}", of_user ? kUserSide : kItemSide, name));
}

std::vector<FieldSpec> expand_fields(std::span<const FieldSpec> specs, const Catalog& catalog) {
  std::vector<FieldSpec> all;
  const auto add = [&](const FieldSpec& spec) {
    const auto same = [&](const FieldSpec& other) { return other.text == spec.text; };
    if (std::none_of(specs.begin(), specs.end(), same)) all.push_back(spec);
  };
  const auto add_features = [&](Side side, const FeatureTable& features) {
    for (const FeatureField& feature : features.fields()) {
      if (feature.kind != FeatureKind::number && !groups_rows(feature)) continue;
      add(feature_field(side, feature.name, catalog));
    }
  };
  for (const FieldSpec& spec : specs) {
    if (!spec.is_auto()) {
      all.push_back(spec);
      continue;
    }
    for (const FieldSpec& id : parse_fields("user, item")) add(id);
    add_features(Side::user, catalog.user_features);
    add_features(Side::item, catalog.item_features);
  }
  return all;
}

bool SchemaField::is_number() const {
  return (spec.kind == FieldKind::feature && feature == FeatureKind::number) ||
         (spec.kind == FieldKind::time && spec.part == TimePart::day) || spec.kind == FieldKind::history_count ||
         spec.kind == FieldKind::history_mean;
}

double HistorySummary::number(FieldKind kind) const {
  if (kind == FieldKind::history_count) return std::log1p(static_cast<double>(events));
  return events == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / static_cast<double>(events);
}

bool SchemaField::reads_item() const {
  return side == Side::item || std::any_of(parts.begin(), parts.end(), [](const auto& p) { return p.reads_item(); });
}

FeatureRef find_feature(const Catalog& catalog, std::string_view name) {
  const FeatureField* of_users = catalog.user_features.find(name);
  const FeatureField* of_items = catalog.item_features.find(name);
  if (of_users != nullptr && of_items != nullptr) {
    throw Error(ErrorCode::invalid_option, fmt::format("Users and items both have a feature {}.", quote(name)),
                fmt::format("Write {0}{2} or {1}{2}.", kUserSide, kItemSide, name));
  }
  if (of_users == nullptr && name.starts_with(kUserSide)) {
    of_users = catalog.user_features.find(name.substr(kUserSide.size()));
  }
  if (of_items == nullptr && name.starts_with(kItemSide)) {
    of_items = catalog.item_features.find(name.substr(kItemSide.size()));
  }
  if (of_users != nullptr) return {Side::user, of_users};
  if (of_items != nullptr) return {Side::item, of_items};

  std::vector<std::string_view> names{"user",       "item",      "auto",     "time.hour",     "time.weekday",
                                      "time.month", "time.year", "time.day", "history.count", "history.mean"};
  const std::size_t words = names.size();
  for (const FeatureTable* table : {&catalog.user_features, &catalog.item_features}) {
    for (const FeatureField& field : table->fields()) names.emplace_back(field.name);
  }
  const std::span<const std::string_view> features = std::span(names).subspan(words);
  const std::optional<std::string_view> nearest = nearest_name(name, names);
  throw Error(ErrorCode::not_found, fmt::format("Neither users nor items have a feature {}.", quote(name)),
              nearest            ? fmt::format("Did you mean {}?", *nearest)
              : features.empty() ? "These data have no features."
                                 : fmt::format("The features are: {}.", join(features, ", ")));
}

void check_feature(const FieldSpec& spec, FeatureKind kind) {
  std::string_view needed;
  std::string hint;
  const std::string name = feature_field(spec.feature).text;
  if (spec.kind == FieldKind::bucket && kind != FeatureKind::number) {
    needed = "numbers";
    hint = kind == FeatureKind::text ? fmt::format("Write words({}, 5000).", name) : fmt::format("Write {}.", name);
  } else if ((spec.kind == FieldKind::words || spec.kind == FieldKind::hash) && kind != FeatureKind::text) {
    needed = "texts";
    hint = fmt::format("Write {}.", name);
  } else if (spec.kind == FieldKind::feature && kind == FeatureKind::text) {
    needed = "values or numbers";
    hint = fmt::format("Write words({0}, 5000) or hash({0}, 4096).", name);
  } else {
    return;
  }
  throw Error(ErrorCode::invalid_option,
              fmt::format("The field {} is for {}, and the feature is of kind {}.", spec.text, needed, to_string(kind)),
              std::move(hint));
}

Side side_of_parts(std::span<const SchemaField> parts) {
  const Side first = parts.front().side;
  const bool one_side = std::all_of(parts.begin(), parts.end(), [&](const SchemaField& p) { return p.side == first; });
  return one_side ? first : Side::event;
}

std::vector<std::uint32_t> training_ids(const Dataset& train, Side side) {
  std::vector<std::uint32_t> ids(side == Side::user ? train.user_count() : train.item_count());
  if (side == Side::user) {
    for (std::size_t user = 0; user < ids.size(); ++user) {
      ids[user] = train.offsets()[user] < train.offsets()[user + 1] ? 1 : 0;
    }
  } else {
    for (const ItemRow item : train.items()) ids[item.index] = 1;
  }
  std::uint32_t next = 0;
  for (std::uint32_t& id : ids) id = id == 0 ? 0 : ++next;
  return ids;
}

std::size_t rows_of(const SchemaField& field, const Dataset& train) {
  switch (field.spec.kind) {
    case FieldKind::user: return 1 + count_known(training_ids(train, Side::user));
    case FieldKind::item:
    case FieldKind::history:
    case FieldKind::rated: return 1 + count_known(training_ids(train, Side::item));
    case FieldKind::feature: return field.is_number() ? 2 : 1 + field.values.size();
    case FieldKind::bucket: return 2 + field.bounds.size();
    case FieldKind::words: return 1 + field.values.size();
    case FieldKind::cross:
    case FieldKind::hash: return 1 + std::size_t{field.spec.count};
    case FieldKind::history_count:
    case FieldKind::history_mean: return 2;
    case FieldKind::time: break;
  }
  switch (field.spec.part) {
    case TimePart::hour: return 1 + 24;
    case TimePart::weekday: return 1 + 7;
    case TimePart::month: return 1 + 12;
    case TimePart::year: return 1 + field.values.size();
    case TimePart::day: break;
  }
  return 2;
}

std::size_t most_rows(const FieldSpec& spec, const Dataset& train) {
  constexpr std::size_t kMostTimes = 1 + 24;
  switch (spec.kind) {
    case FieldKind::user: return 1 + train.user_count();
    case FieldKind::item:
    case FieldKind::history:
    case FieldKind::rated: return 1 + train.item_count();
    case FieldKind::feature: return 2 + find_feature(train.catalog(), spec.feature).feature->values.size();
    case FieldKind::bucket:
    case FieldKind::cross:
    case FieldKind::hash: return 1 + std::size_t{spec.count};
    case FieldKind::history_count:
    case FieldKind::history_mean: return 2;
    case FieldKind::time: return spec.part == TimePart::year ? 1 + years(train).size() : kMostTimes;
    case FieldKind::words: break;
  }
  // Each byte is a piece at most, and each pair of neighbors that merges leaves one byte less.
  std::size_t bytes = 0;
  for (const std::string& text : find_feature(train.catalog(), spec.feature).feature->texts) bytes += text.size();
  return 1 + std::min<std::size_t>(spec.count, 2 * bytes);
}

Schema Schema::learn(const Dataset& train, std::span<const FieldSpec> specs) {
  const SchemaLearner learner(train);
  Schema schema;
  for (const FieldSpec& spec : expand_fields(specs, train.catalog())) schema.fields_.push_back(learner.learn(spec));
  return schema;
}

std::optional<std::size_t> Schema::find(std::string_view text) const {
  const auto found = std::find_if(fields_.begin(), fields_.end(), [&](const auto& f) { return f.spec.text == text; });
  if (found == fields_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - fields_.begin());
}

std::size_t Schema::slot(std::string_view text) const {
  if (const std::optional<std::size_t> found = find(text)) return *found;
  std::vector<std::string_view> texts;
  for (const SchemaField& field : fields_) texts.emplace_back(field.spec.text);
  const std::optional<std::string_view> nearest = nearest_name(text, texts);
  throw Error(
      ErrorCode::not_found, fmt::format("There is no field {}.", quote(text)),
      nearest ? fmt::format("Did you mean {}?", *nearest) : fmt::format("The fields are: {}.", join(texts, ", ")));
}

}  // namespace gusto::nn
