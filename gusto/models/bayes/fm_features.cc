#include "gusto/models/bayes/fm_features.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

constexpr std::size_t kMostValues = 64;
constexpr std::size_t kRanges = 32;
constexpr std::int64_t kDaySeconds = 86400;

std::int64_t day_of(std::int64_t time) { return time / kDaySeconds - (time % kDaySeconds < 0 ? 1 : 0); }

float share(std::size_t count) { return 1.0F / std::sqrt(static_cast<float>(count)); }

struct Entry {
  std::uint32_t row;
  std::uint32_t column;
  float amount;
};

/// Puts entries, row by row, into column order.
void turn(std::span<const Entry> entries, std::size_t columns, FmBlock& block) {
  block.offsets.assign(columns + 1, 0);
  for (const Entry& entry : entries) ++block.offsets[entry.column + 1];
  std::partial_sum(block.offsets.begin(), block.offsets.end(), block.offsets.begin());
  block.column_rows.resize(entries.size());
  block.weights.resize(entries.size());
  std::vector<std::uint64_t> next(block.offsets.begin(), block.offsets.end() - 1);
  for (const Entry& entry : entries) {
    const std::size_t place = next[entry.column]++;
    block.column_rows[place] = entry.row;
    block.weights[place] = entry.amount;
  }
}

}  // namespace

FmFeatures::Coding FmFeatures::coding_of(const FeatureField& field) {
  Coding coding{&field, {}, 0};
  if (field.kind != FeatureKind::number) return coding;
  std::vector<double> values;
  for (const double number : field.numbers) {
    if (!std::isnan(number)) values.push_back(number);
  }
  std::sort(values.begin(), values.end());
  coding.bounds = values;
  coding.bounds.erase(std::unique(coding.bounds.begin(), coding.bounds.end()), coding.bounds.end());
  if (coding.bounds.size() <= kMostValues) return coding;
  coding.bounds.clear();
  for (std::size_t r = 0; r < kRanges; ++r) coding.bounds.push_back(values[r * values.size() / kRanges]);
  coding.bounds.erase(std::unique(coding.bounds.begin(), coding.bounds.end()), coding.bounds.end());
  return coding;
}

std::size_t FmFeatures::Coding::columns() const {
  return field->kind == FeatureKind::number ? bounds.size() : field->values.size();
}

std::uint32_t FmFeatures::Coding::range_of(double number) const {
  const auto after = std::upper_bound(bounds.begin(), bounds.end(), number) - bounds.begin();
  return static_cast<std::uint32_t>(std::max<std::ptrdiff_t>(after - 1, 0));
}

std::vector<std::uint32_t> FmFeatures::Coding::codes(std::size_t row) const {
  if (field->kind != FeatureKind::number) {
    const std::span<const std::uint32_t> ids = field->ids_of(row);
    return {ids.begin(), ids.end()};
  }
  const double number = field->numbers[row];
  if (std::isnan(number)) return {};
  return {range_of(number)};
}

std::vector<std::uint32_t> FmFeatures::Coding::codes(std::string_view value) const {
  std::vector<std::uint32_t> found;
  if (field->kind == FeatureKind::number) {
    const std::optional<double> number = parse_real(trim(value));
    if (number && !bounds.empty()) found.push_back(range_of(*number));
    return found;
  }
  const auto add = [&](std::string_view one) {
    const std::optional<std::uint32_t> id = field->values.find(one);
    if (id && std::find(found.begin(), found.end(), *id) == found.end()) found.push_back(*id);
  };
  if (field->kind == FeatureKind::multi) {
    for (const std::string_view one : split(value, "|")) add(one);
  } else {
    add(value);
  }
  return found;
}

FmFeatures::FmFeatures(const Dataset& data, const FmInputs& inputs) {
  user_.table = &data.catalogue().user_features;
  item_.table = &data.catalogue().item_features;
  choose_fields(inputs.fields);
  blocks_.resize(2);
  blocks_[kUser].name = "user";
  blocks_[kUser].rows = data.user_count();
  blocks_[kItem].name = "item";
  blocks_[kItem].rows = data.item_count();
  add_side(user_, data, inputs.rated);
  add_side(item_, data, inputs.raters);
  if (data.has_times()) add_days(data, inputs);
}

void FmFeatures::choose_fields(const std::string& wanted) {
  const auto in_common = [](const Coding& coding) {
    return coding.columns() > 1 && 2 * coding.columns() <= coding.field->rows();
  };
  if (wanted == "auto") {
    for (Side* side : {&user_, &item_}) {
      for (const FeatureField& field : side->table->fields()) {
        if (field.kind == FeatureKind::text) continue;
        Coding coding = coding_of(field);
        if (in_common(coding)) side->codings.push_back(std::move(coding));
      }
    }
    return;
  }
  for (const std::string_view part : split(wanted, ",")) {
    const std::string_view name = trim(part);
    if (name.empty()) continue;
    std::vector<std::string_view> names;
    bool found = false;
    for (Side* side : {&user_, &item_}) {
      for (const FeatureField& field : side->table->fields()) {
        names.push_back(field.name);
        if (name != field.name && name != fmt::format("{}.{}", side->name, field.name)) continue;
        if (field.kind == FeatureKind::text) {
          throw Error(ErrorCode::invalid_option, fmt::format("Field {} is a text, which bayes-fm does not read.", name),
                      "Name categorical, multi-valued or number fields.");
        }
        side->codings.push_back(coding_of(field));
        found = true;
      }
    }
    if (found) continue;
    const auto nearest = nearest_name(name, names);
    throw Error(ErrorCode::invalid_option, fmt::format("Neither users nor items have a field {}.", quote(name)),
                nearest ? fmt::format("Did you mean {}?", *nearest) : "`gusto inspect` lists a data set's fields.");
  }
}

void FmFeatures::add_side(Side& side, const Dataset& data, bool sets) {
  const bool users = &side == &user_;
  FmBlock& block = blocks_[users ? kUser : kItem];
  if (!sets && side.codings.empty()) return;
  const std::size_t others = users ? data.item_count() : data.user_count();
  std::size_t columns = block.rows;
  const auto add_group = [&](std::string name, std::size_t size) {
    block.groups.push_back({std::move(name), columns, columns + size});
    columns += size;
    return columns - size;
  };
  block.groups.push_back({block.name, 0, block.rows});
  std::size_t set_first = 0;
  if (sets) {
    set_first = add_group(users ? "rated" : "raters", others);
    if (users) rated_first_ = set_first;
  }
  for (Coding& coding : side.codings) coding.first = add_group(coding.field->name, coding.columns());

  std::vector<Entry> entries;
  entries.reserve(block.rows + (sets ? data.event_count() : 0));
  const auto add = [&](std::size_t row, std::size_t column, float amount) {
    entries.push_back({static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(column), amount});
  };
  for (std::size_t row = 0; row < block.rows; ++row) {
    add(row, row, 1);
    if (sets && users) {
      const History history = data.history(UserRow(row));
      for (const ItemRow item : history.items) add(row, set_first + item.index, share(history.size()));
    } else if (sets) {
      const Audience audience = data.audience(ItemRow(row));
      for (const UserRow user : audience.users) add(row, set_first + user.index, share(audience.size()));
    }
    for (const Coding& coding : side.codings) {
      const std::vector<std::uint32_t> codes = coding.codes(row);
      for (const std::uint32_t code : codes) add(row, coding.first + code, share(codes.size()));
    }
  }
  turn(entries, columns, block);
}

void FmFeatures::add_days(const Dataset& data, const FmInputs& inputs) {
  if (inputs.day) {
    for (const std::int64_t time : data.times()) {
      const std::int64_t day = day_of(time);
      if (days_.empty() || days_.back() != day) days_.push_back(day);
    }
    std::sort(days_.begin(), days_.end());
    days_.erase(std::unique(days_.begin(), days_.end()), days_.end());
    day_block_ = blocks_.size();
    FmBlock& block = blocks_.emplace_back();
    block.name = "day";
    block.rows = days_.size();
  }
  if (inputs.user_day) {
    user_day_begin_.push_back(0);
    for (std::size_t u = 0; u < data.user_count(); ++u) {
      for (const std::int64_t time : data.history(UserRow(u)).times) {
        const std::int64_t day = day_of(time);
        if (user_days_.size() == user_day_begin_.back() || user_days_.back() != day) user_days_.push_back(day);
      }
      user_day_begin_.push_back(user_days_.size());
    }
    user_day_block_ = blocks_.size();
    FmBlock& block = blocks_.emplace_back();
    block.name = "user_day";
    block.rows = user_days_.size();
    block.factors = false;
  }
}

std::optional<std::size_t> FmFeatures::day_row(std::int64_t time) const {
  const auto found = std::lower_bound(days_.begin(), days_.end(), day_of(time));
  if (found == days_.end() || *found != day_of(time)) return std::nullopt;
  return found - days_.begin();
}

std::optional<std::size_t> FmFeatures::user_day_row(std::size_t user, std::int64_t time) const {
  if (user + 1 >= user_day_begin_.size()) return std::nullopt;
  const auto first = user_days_.begin() + static_cast<std::ptrdiff_t>(user_day_begin_[user]);
  const auto last = user_days_.begin() + static_cast<std::ptrdiff_t>(user_day_begin_[user + 1]);
  const auto found = std::lower_bound(first, last, day_of(time));
  if (found == last || *found != day_of(time)) return std::nullopt;
  return found - user_days_.begin();
}

FmDesign FmFeatures::design(std::span<const std::uint32_t> users, std::span<const std::uint32_t> items,
                            std::span<const std::int64_t> times) const {
  FmDesign design;
  design.blocks = blocks_;
  design.rows.resize(blocks_.size());
  design.rows[kUser].assign(users.begin(), users.end());
  design.rows[kItem].assign(items.begin(), items.end());
  if (day_block_ > 0) {
    design.rows[day_block_].reserve(users.size());
    for (const std::int64_t time : times) {
      design.rows[day_block_].push_back(static_cast<std::uint32_t>(day_row(time).value()));
    }
  }
  if (user_day_block_ > 0) {
    design.rows[user_day_block_].reserve(users.size());
    for (std::size_t e = 0; e < users.size(); ++e) {
      design.rows[user_day_block_].push_back(static_cast<std::uint32_t>(user_day_row(users[e], times[e]).value()));
    }
  }
  return design;
}

std::vector<FmEntry> FmFeatures::newcomer(const Query& query) const {
  std::vector<FmEntry> entries;
  if (rated_first_) {
    for (const HistoryEvent& event : query.history) {
      entries.push_back({static_cast<std::uint32_t>(*rated_first_ + event.item.index), share(query.history.size())});
    }
  }
  for (const Coding& coding : user_.codings) {
    const auto said = std::find_if(query.features.begin(), query.features.end(),
                                   [&](const FeatureValue& feature) { return feature.field == coding.field->name; });
    std::vector<std::uint32_t> codes;
    if (said != query.features.end()) codes = coding.codes(said->value);
    else if (query.user) codes = coding.codes(query.user->index);
    for (const std::uint32_t code : codes) {
      entries.push_back({static_cast<std::uint32_t>(coding.first + code), share(codes.size())});
    }
  }
  return entries;
}

}  // namespace gusto
