#include "gusto/data/table/grow_dataset.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/data/same_ids.h"
#include "gusto/data/table/make_dataset.h"
#include "gusto/data/value_profile.h"

namespace gusto {
namespace {

/// The value that the transform made this one of; of what clip and binary cut off, one that gives the same again.
float taken_back(const ValueTransform& transform, float value) {
  const auto v = static_cast<double>(value);
  switch (transform.kind) {
    case ValueTransform::Kind::log1p: return static_cast<float>(std::expm1(v));
    case ValueTransform::Kind::log10: return static_cast<float>(std::pow(10.0, v) - 1);
    case ValueTransform::Kind::rank:
      throw Error(ErrorCode::unsupported, "Values that are ranks among a user's own can't be joined with new ones.",
                  "Train anew on all events.");
    default: return value;
  }
}

/// Columns of both data sets, one after the other.
class Columns {
 public:
  Columns(const Dataset& data, const Dataset& more, bool timed) : data_(data), more_(more) {
    const std::size_t count = data.event_count() + more.event_count();
    for (std::vector<std::int32_t>* rows : {&users_, &items_}) rows->reserve(count);
    values.reserve(count);
    if (timed) times.reserve(count);
    add(data, 0, 0, timed);
    add(more, data.user_count(), data.item_count(), timed);
  }

  TableColumn users() { return column(users_, data_.catalog().users, more_.catalog().users, user_ids_); }
  TableColumn items() { return column(items_, data_.catalog().items, more_.catalog().items, item_ids_); }

  std::vector<float> values;
  std::vector<std::int64_t> times;

 private:
  void add(const Dataset& from, std::size_t first_user, std::size_t first_item, bool timed) {
    for (std::size_t u = 0; u < from.user_count(); ++u) {
      users_.insert(users_.end(), from.history(UserRow(u)).size(), static_cast<std::int32_t>(first_user + u));
    }
    for (const ItemRow item : from.items()) items_.push_back(static_cast<std::int32_t>(first_item + item.index));
    values.insert(values.end(), from.values().begin(), from.values().end());
    if (timed) times.insert(times.end(), from.times().begin(), from.times().end());
  }

  static TableColumn column(const std::vector<std::int32_t>& rows, const Vocabulary& first, const Vocabulary& second,
                            std::vector<std::string_view>& ids) {
    for (const Vocabulary* known : {&first, &second}) {
      for (std::size_t row = 0; row < known->size(); ++row) ids.push_back((*known)[row]);
    }
    return TableColumn::dictionary(rows, TableColumn::strings(ids));
  }

  const Dataset& data_;
  const Dataset& more_;
  std::vector<std::int32_t> users_, items_;
  std::vector<std::string_view> user_ids_, item_ids_;
};

/// The features of one side's rows in `table`, and then of the rows that only `more` has.
class SideColumns {
 public:
  SideColumns(const Vocabulary& ids, const FeatureTable& table, const Vocabulary& more_ids, const FeatureTable& more)
      : table_(table), more_(more), old_rows_(ids.size()) {
    for (std::size_t row = 0; row < ids.size(); ++row) ids_.push_back(ids[row]);
    for (std::size_t row = 0; row < more_ids.size(); ++row) {
      if (ids.find(more_ids[row])) continue;
      ids_.push_back(more_ids[row]);
      new_rows_.push_back(row);
    }
  }

  std::vector<FeatureColumns> columns() {
    if (table_.fields().empty()) return {};
    FeatureColumns result{TableColumn::strings(ids_)};
    const std::size_t count = table_.fields().size();
    texts_.resize(count);
    numbers_.resize(count);
    offsets_.resize(count);
    for (std::size_t f = 0; f < count; ++f) result.features.push_back(feature(table_.fields()[f], f));
    return {std::move(result)};
  }

  /// Features that are left out: new ones, and those of another kind.
  std::vector<std::string> left_out() const {
    std::vector<std::string> names;
    for (const FeatureField& field : more_.fields()) {
      const FeatureField* const known = table_.find(field.name);
      if (known == nullptr || known->kind != field.kind) names.push_back(field.name);
    }
    return names;
  }

 private:
  FeatureColumn feature(const FeatureField& field, std::size_t f) {
    const FeatureField* more = more_.find(field.name);
    if (more != nullptr && more->kind != field.kind) more = nullptr;
    TableColumn column;
    if (field.kind == FeatureKind::number) {
      std::vector<double>& numbers = numbers_[f];
      numbers.assign(field.numbers.begin(), field.numbers.end());
      for (const std::size_t row : new_rows_) {
        numbers.push_back(more != nullptr ? more->numbers[row] : std::numeric_limits<double>::quiet_NaN());
      }
      column = TableColumn::numbers(std::span<const double>(numbers));
    } else if (field.kind == FeatureKind::text) {
      for (std::size_t row = 0; row < old_rows_; ++row) texts_[f].emplace_back(field.texts[row]);
      for (const std::size_t row : new_rows_) {
        texts_[f].push_back(more != nullptr ? std::string_view(more->texts[row]) : std::string_view());
      }
      column = TableColumn::strings(texts_[f]);
    } else {
      offsets_[f].push_back(0);
      for (std::size_t row = 0; row < old_rows_; ++row) add_values(&field, row, f);
      for (const std::size_t row : new_rows_) add_values(more, row, f);
      column = field.kind == FeatureKind::multi ? TableColumn::lists(offsets_[f], TableColumn::strings(texts_[f]))
                                                : TableColumn::strings(texts_[f]);
    }
    return {std::move(column).named(field.name), field.kind};
  }

  void add_values(const FeatureField* field, std::size_t row, std::size_t f) {
    const auto ids = field != nullptr ? field->ids_of(row) : std::span<const std::uint32_t>();
    for (const std::uint32_t id : ids) texts_[f].push_back(field->values[id]);
    // A categorical column has an entry in each row.
    if (ids.empty() && table_.fields()[f].kind == FeatureKind::categorical) texts_[f].emplace_back();
    offsets_[f].push_back(static_cast<std::int64_t>(texts_[f].size()));
  }

  const FeatureTable& table_;
  const FeatureTable& more_;
  std::size_t old_rows_;
  std::vector<std::string_view> ids_;
  std::vector<std::size_t> new_rows_;
  std::vector<std::vector<std::string_view>> texts_;  // by feature
  std::vector<std::vector<double>> numbers_;
  std::vector<std::vector<std::int64_t>> offsets_;
};

/// Values fall to a half in each half-life before the latest event of all.
void age_values(Columns& columns, std::size_t first_new, double half_life) {
  const auto middle = columns.times.begin() + static_cast<std::ptrdiff_t>(first_new);
  if (columns.times.empty() || middle == columns.times.begin() || middle == columns.times.end()) return;
  const auto gap = static_cast<double>(*std::max_element(middle, columns.times.end()) -
                                       *std::max_element(columns.times.begin(), middle));
  const auto share = static_cast<float>(std::exp2(-std::abs(gap) / half_life));
  const auto values = std::span(columns.values);
  for (float& value : gap > 0 ? values.first(first_new) : values.subspan(first_new)) value *= share;
}

}  // namespace

GrownDataset grow_dataset(const Dataset& data, const Dataset& more, const OpenOptions& reading, Context& context) {
  GrownDataset result;
  if (data.has_times() && !more.has_times()) {
    throw Error(ErrorCode::invalid_input, "The events of before have times, and the new ones have none.",
                "Name the column that holds them in the option `columns`.");
  }
  if (!data.has_times() && more.has_times()) {
    result.notes.emplace_back("Times of the new events are left out, as the events of before have none.");
  }
  Columns columns(data, more, data.has_times());
  const auto known = static_cast<std::size_t>(data.event_count());
  const ValueTransform transform = parse_value_transform(reading.transform);
  for (float& value : std::span(columns.values).first(known)) value = taken_back(transform, value);
  if (reading.half_life) age_values(columns, known, *reading.half_life);

  const Catalog& before = data.catalog();
  const Catalog& now = more.catalog();
  SideColumns users(before.users, before.user_features, now.users, now.user_features);
  SideColumns items(before.items, before.item_features, now.items, now.item_features);
  std::vector<std::string> left_out = users.left_out();
  for (std::string& name : items.left_out()) left_out.push_back(std::move(name));
  if (!left_out.empty()) {
    result.notes.push_back(
        fmt::format("Features that the data of before do not have are left out: {}.", join(left_out, ", ")));
  }

  EventTable table;
  table.users = columns.users();
  table.items = columns.items();
  table.values = TableColumn::numbers(std::span<const float>(columns.values));
  if (data.has_times()) table.times = TableColumn::times(columns.times, TimeUnit::seconds);
  table.user_features = users.columns();
  table.item_features = items.columns();
  TableOptions options{.duplicates = reading.duplicates, .transform = reading.transform};
  const Strength::Form form = before.strength.form;
  options.values = form == Strength::Form::none     ? ValueUse::ignore
                   : form == Strength::Form::linear ? ValueUse::strength
                                                    : ValueUse::automatic;
  OpenedDataset grown = make_dataset(table, options, context);
  result.data = std::move(grown.data);
  result.repeated = grown.report.duplicates;
  return result;
}

}  // namespace gusto
