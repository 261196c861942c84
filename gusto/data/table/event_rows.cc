#include "gusto/data/table/event_rows.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include <fmt/core.h>

#include "gusto/base/text.h"

namespace gusto {
namespace {

constexpr std::size_t kRowExamples = 5;          // of bad rows, in the report
constexpr std::size_t kRowsPerPlace = 8;         // of tables of numbers, see NumberRows
constexpr std::size_t kLeastPlaces = 1U << 16U;  // that a table of numbers may have
constexpr std::string_view kCorrectCell = "Correct the value, or leave the row out.";

TableColumn with_name(const TableColumn& column, std::string_view role) {
  TableColumn named = column;
  if (named.name.empty()) named.name = role;
  return named;
}

void require_type(bool fits, const TableColumn& column, std::string_view wanted) {
  if (fits) return;
  throw Error(ErrorCode::invalid_input, fmt::format("Column {} holds {}.", column.name, to_string(column.type)),
              fmt::format("Give {}.", wanted));
}

void require_ids(const TableColumn& column) {
  require_type(holds_ids(column), column, "integers, strings, or indexes into a dictionary of either");
}

void require_numbers(const TableColumn& column, bool booleans) {
  const bool fits = is_number(column.type) || (booleans && column.type == CellType::boolean);
  require_type(fits && !has_dictionary(column), column, booleans ? "numbers or booleans" : "integers or floats");
}

}  // namespace

EventRows::EventRows(const EventTable& table, const TableOptions& options, Vocabulary& users, Vocabulary& items)
    : options_(options),
      user_column_(with_name(table.users, "user")),
      item_column_(with_name(table.items, "item")),
      size_(table.users.size()) {
  if (table.values) value_column_ = with_name(*table.values, "rating");
  if (table.times) time_column_ = with_name(*table.times, "time");
  if (table.kinds && !options.weights.empty()) kind_column_ = with_name(*table.kinds, "kind");
  check_columns();
  const std::size_t places = std::max(kLeastPlaces, size_ / kRowsPerPlace);
  users_.emplace(user_column_, users, places);
  items_.emplace(item_column_, items, places);
  if (value_column_) values_.emplace(*value_column_);
  if (time_column_) times_.emplace(*time_column_);
  if (kind_column_) kinds_.emplace(*kind_column_, kind_names_, places);
}

std::vector<const TableColumn*> EventRows::columns() const {
  std::vector<const TableColumn*> all{&user_column_, &item_column_};
  for (const auto* column : {&value_column_, &time_column_, &kind_column_}) {
    if (*column) all.push_back(&**column);
  }
  return all;
}

void EventRows::check_columns() const {
  require_ids(user_column_);
  require_ids(item_column_);
  if (value_column_) require_numbers(*value_column_, true);
  if (time_column_) require_numbers(*time_column_, false);
  if (kind_column_) require_ids(*kind_column_);
  for (const TableColumn* column : columns()) {
    if (column->size() == size_) continue;
    throw Error(ErrorCode::invalid_input,
                fmt::format("Column {} has {} rows, and column {} has {}.", column->name, column->size(),
                            user_column_.name, size_),
                "Give columns of one length.");
  }
  const auto unit = time_column_ ? time_column_->time_unit : std::nullopt;
  if (unit == TimeUnit::iso || unit == TimeUnit::dmy || unit == TimeUnit::mdy) {
    throw Error(ErrorCode::invalid_option, fmt::format("Column {} holds numbers, not dates.", time_column_->name),
                "Name the unit that they count in.");
  }
  if (options_.half_life && !(*options_.half_life > 0)) {
    throw Error(ErrorCode::invalid_option, fmt::format("The half-life {} is no length of time.", *options_.half_life),
                "Give a number of seconds above 0.");
  }
  if (options_.half_life && !time_column_) {
    throw Error(ErrorCode::invalid_option, "The table has no times, by which events could grow old.",
                "Give a column of times, or leave the half-life out.");
  }
  if (!options_.weights.empty() && !kind_column_) {
    throw Error(ErrorCode::invalid_option, "The table has no column of kinds to be weighed.",
                "Give a column of kinds, or leave the weights out.");
  }
}

const ColumnChunk* EventRows::plain_values() const {
  const bool plain = value_column_ && value_column_->type == CellType::float32 && value_column_->chunks.size() == 1;
  return plain ? value_column_->chunks.data() : nullptr;
}

const ColumnChunk* EventRows::plain_times() const {
  const bool plain = times_ && times_->unit() == TimeUnit::seconds && time_column_->type == CellType::int64 &&
                     time_column_->chunks.size() == 1;
  return plain ? time_column_->chunks.data() : nullptr;
}

std::vector<std::string> EventRows::roles() const {
  std::vector<std::string> roles;
  const auto add = [&](const std::optional<TableColumn>& column, std::string_view role) {
    if (column) roles.push_back(column->name == role ? column->name : fmt::format("{}={}", role, column->name));
  };
  add(user_column_, "user");
  add(item_column_, "item");
  add(value_column_, "rating");
  add(time_column_, "time");
  add(kind_column_, "kind");
  return roles;
}

void EventRows::restart() {
  users_->restart();
  items_->restart();
  if (values_) values_->restart();
  if (times_) times_->restart();
  if (kinds_) kinds_->restart();
}

EventRows::Block EventRows::next_block(std::size_t begin, std::size_t count) {
  const std::uint8_t* keep = nullptr;
  if (checked_ && left_out_ > 0) {
    for (std::size_t i = 0; i < count; ++i) keep_block_[i] = kept_[begin + i] ? 1 : 0;
    keep = keep_block_.data();
  }
  const bool good = read_values(count, keep);
  // Ids are taken in only of rows that are kept, so where rows may be left out, all are looked at before.
  const auto are_ids = [&] { return users_->next_are_ids(count) && items_->next_are_ids(count); };
  if (!checked_ && (!good || (options_.skip_bad_rows && !are_ids()))) {
    look_at_rows(begin, count);
    keep = keep_block_.data();
  }
  if (!users_->read(count, keep, user_block_.data())) fail_before(begin + count);
  if (!checked_) {
    items_->pass(count);
  } else if (!items_->read(count, keep, item_block_.data())) {
    fail_before(begin + count);
  }
  return {begin,
          count,
          keep,
          user_block_.data(),
          checked_ ? item_block_.data() : nullptr,
          value_block_.data(),
          times_ ? time_block_.data() : nullptr};
}

bool EventRows::read_values(std::size_t count, const std::uint8_t* keep) {
  bool good = true;
  if (values_) {
    good = values_->read(count, value_block_.data());
  } else {
    std::fill_n(value_block_.begin(), count, 1.0f);
  }
  if (times_ && !times_->read(count, time_block_.data())) good = false;
  if (!kinds_) return good;
  if (!kinds_->read(count, keep, kind_block_.data())) return false;
  for (std::size_t i = 0; i < count; ++i) {
    if (keep != nullptr && keep[i] == 0) continue;
    const std::optional<float> weight = weight_of(kind_block_[i]);
    value_block_[i] *= weight.value_or(0);
    good = good && weight && *weight != 0 && std::isfinite(value_block_[i]);
  }
  return good;
}

std::optional<float> EventRows::weight_of(std::uint32_t kind) {
  while (kind_weights_.size() < kind_names_.size()) {
    const std::string_view name = kind_names_[kind_weights_.size()];
    const auto known = std::find_if(options_.weights.begin(), options_.weights.end(),
                                    [&](const auto& weight) { return weight.first == name; });
    kind_weights_.push_back(known == options_.weights.end() ? std::nullopt : std::optional(known->second));
  }
  return kind_weights_[kind];
}

// Decides of each row of a block whether it is kept; throws for the first one that is wrong, unless these are left out.
void EventRows::look_at_rows(std::size_t begin, std::size_t count) {
  if (kept_.empty()) kept_.assign(size_, true);
  for (std::size_t i = 0; i < count; ++i) {
    const std::optional<Error> problem = problem_of(begin + i);
    const bool weightless = !problem && kinds_ && weight_of_row(begin + i) == 0.0f;
    keep_block_[i] = problem || weightless ? 0 : 1;
    if (keep_block_[i] != 0) continue;
    if (problem && !options_.skip_bad_rows) fail_before(begin + i + 1);
    kept_[begin + i] = false;
    ++left_out_;
    ++(problem ? bad_ : weightless_);
    if (problem && examples_.size() < kRowExamples) examples_.push_back(problem->message());
  }
}

// A row's complaint, in the order in which a line of a file is read.
std::optional<Error> EventRows::problem_of(std::size_t row) const {
  const auto complaint = [&](const TableColumn& column, const CellProblem& problem) {
    return Error(ErrorCode::invalid_input, fmt::format("Column {}, row {}: {}.", column.name, row, problem.sentence),
                 problem.hint);
  };
  if (const auto problem = users_->problem(row)) return complaint(user_column_, *problem);
  if (const auto problem = items_->problem(row)) return complaint(item_column_, *problem);
  if (values_) {
    if (const auto problem = values_->problem(row)) return complaint(*value_column_, *problem);
  }
  if (times_) {
    if (const auto problem = times_->problem(row)) return complaint(*time_column_, *problem);
  }
  if (!kinds_) return std::nullopt;
  const std::optional<float> weight = weight_of_row(row);
  if (!weight) {
    CellText text;
    const auto kind = text(*kind_column_, row);
    return complaint(*kind_column_, {fmt::format("{} has no weight", kind ? quote(*kind) : std::string("null")),
                                     fmt::format("Add {}=… to the option `weights`; weight 0 leaves such events out.",
                                                 kind.value_or("null"))});
  }
  float value = 1;
  if (values_) {
    const auto [chunk, own] = find_row(*value_column_, row);
    value = static_cast<float>(number_at(value_column_->type, *chunk, own));
  }
  if (std::isfinite(value * *weight)) return std::nullopt;
  return complaint(
      values_ ? *value_column_ : *kind_column_,
      {fmt::format("{} is out of range once its kind has been weighed", value), std::string(kCorrectCell)});
}

std::optional<float> EventRows::weight_of_row(std::size_t row) const {
  CellText text;
  const auto kind = text(*kind_column_, row);
  for (const auto& [name, weight] : options_.weights) {
    if (kind == name) return weight;
  }
  return std::nullopt;
}

void EventRows::fail_before(std::size_t end) {
  const auto fail_within = [&](std::size_t first, std::size_t last) {
    for (std::size_t row = first; row < last; ++row) {
      if (const auto problem = problem_of(row)) throw Error(*problem);
    }
  };
  // Of the blocks before this one, only items have not been looked at yet.
  items_->restart();
  std::size_t begin = 0;
  for (; end - begin > kBlockRows; begin += kBlockRows) {
    if (!items_->next_are_ids(kBlockRows)) fail_within(begin, begin + kBlockRows);
    items_->pass(kBlockRows);
  }
  fail_within(begin, end);
  throw Error(ErrorCode::internal, "A table was refused and can be read.");
}

}  // namespace gusto
