#include "gusto/data/table/grow_dataset.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
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

/// What the events of both data sets are worth now: values fall to a half in each half-life before the latest event of
/// all. A factor for each part.
std::array<float, 2> aged(const Dataset& data, const Dataset& more, const std::optional<double>& half_life) {
  if (!half_life || data.times().empty() || more.times().empty()) return {1, 1};
  const auto latest = [](const Dataset& part) { return *std::max_element(part.times().begin(), part.times().end()); };
  const auto gap = static_cast<double>(latest(more) - latest(data));
  const auto share = static_cast<float>(std::exp2(-std::abs(gap) / *half_life));
  return gap > 0 ? std::array{share, 1.0F} : std::array{1.0F, share};
}

/// Columns of both data sets' events, by user: where nothing is older than what was known, they lie as they are stored.
class Columns {
 public:
  Columns(const Dataset& data, const Dataset& more, const OpenOptions& reading, std::vector<float>& values,
          std::vector<std::int64_t>& times)
      : data_(data), more_(more), values_(values), times_(times) {
    const ValueTransform transform = parse_value_transform(reading.transform);
    const std::array<float, 2> factors = aged(data, more, reading.half_life);
    const std::size_t count = data.event_count() + more.event_count();
    for (std::vector<std::int32_t>* rows : {&users_, &items_}) rows->reserve(count);
    values_.reserve(count);
    if (data.has_times()) times_.reserve(count);
    const Vocabulary& known = data.catalog().users;
    const Vocabulary& named = more.catalog().users;
    const auto add_more = [&](UserRow user, std::size_t as) {
      add(more.history(user), as, data.item_count(), [&](float value) { return factors[1] * value; });
    };
    for (std::size_t u = 0; u < known.size(); ++u) {
      add(data.history(UserRow(u)), u, 0, [&](float value) { return factors[0] * taken_back(transform, value); });
      if (const auto row = named.find(known[u])) add_more(UserRow(*row), u);
    }
    for (std::size_t u = 0; u < named.size(); ++u) {
      if (!known.find(named[u])) add_more(UserRow(u), known.size() + u);
    }
  }

  TableColumn users() { return column(users_, data_.catalog().users, more_.catalog().users, user_ids_); }
  TableColumn items() { return column(items_, data_.catalog().items, more_.catalog().items, item_ids_); }

 private:
  template <class Change>
  void add(const History& history, std::size_t user, std::size_t first_item, const Change& changed) {
    users_.insert(users_.end(), history.size(), static_cast<std::int32_t>(user));
    for (const ItemRow item : history.items) items_.push_back(static_cast<std::int32_t>(first_item + item.index));
    for (const float value : history.values) values_.push_back(changed(value));
    if (data_.has_times()) times_.insert(times_.end(), history.times.begin(), history.times.end());
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
  std::vector<float>& values_;
  std::vector<std::int64_t>& times_;
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

/// Numbers that stay where they are, as long as the data set lives that is made of them.
struct Numbers {
  std::vector<float> values;
  std::vector<std::int64_t> times;
  SideColumns users, items;
};

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
  const Catalog& before = data.catalog();
  const Catalog& now = more.catalog();
  const auto numbers =
      std::make_shared<Numbers>(Numbers{{},
                                        {},
                                        {before.users, before.user_features, now.users, now.user_features},
                                        {before.items, before.item_features, now.items, now.item_features}});
  Columns columns(data, more, reading, numbers->values, numbers->times);

  std::vector<std::string> left_out = numbers->users.left_out();
  for (std::string& name : numbers->items.left_out()) left_out.push_back(std::move(name));
  if (!left_out.empty()) {
    result.notes.push_back(
        fmt::format("Features that the data of before do not have are left out: {}.", join(left_out, ", ")));
  }

  EventTable table;
  table.users = columns.users();
  table.items = columns.items();
  table.values = TableColumn::numbers(std::span<const float>(numbers->values));
  if (data.has_times()) table.times = TableColumn::times(numbers->times, TimeUnit::seconds);
  table.user_features = numbers->users.columns();
  table.item_features = numbers->items.columns();
  table.owner = numbers;
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
