#include "gusto/models/bayes/fm_features.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/nn/calendar.h"

namespace gusto {
namespace {

constexpr std::size_t kMostValues = 64;
constexpr std::size_t kFeatureRanges = 32;

float share(std::size_t count) { return 1.0F / std::sqrt(static_cast<float>(count)); }

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
  for (std::size_t r = 0; r < kFeatureRanges; ++r) coding.bounds.push_back(values[r * values.size() / kFeatureRanges]);
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
  user_.table = &data.catalog().user_features;
  item_.table = &data.catalog().item_features;
  choose_fields(inputs.fields);
  const auto sets = [](bool wanted, std::size_t size) { return wanted ? std::optional(size) : std::nullopt; };
  lay_out(user_, data.user_count(), sets(inputs.rated, data.item_count()));
  lay_out(item_, data.item_count(), sets(inputs.raters, data.user_count()));
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
    std::vector<std::pair<Side*, const FeatureField*>> found;
    for (Side* side : {&user_, &item_}) {
      for (const FeatureField& field : side->table->fields()) {
        names.push_back(field.name);
        if (name == field.name || name == fmt::format("{}.{}", side->name, field.name))
          found.emplace_back(side, &field);
      }
    }
    if (found.empty()) {
      const auto nearest = nearest_name(name, names);
      throw Error(ErrorCode::invalid_option, fmt::format("Neither users nor items have a field {}.", quote(name)),
                  nearest ? fmt::format("Did you mean {}?", *nearest) : "`gusto inspect` lists a data set's fields.");
    }
    if (found.size() > 1) {
      throw Error(ErrorCode::invalid_option, fmt::format("Both users and items have a field {}.", quote(name)),
                  fmt::format("Write user.{0} or item.{0}.", name));
    }
    const auto [side, field] = found.front();
    if (field->kind == FeatureKind::text) {
      throw Error(ErrorCode::invalid_option, fmt::format("Field {} is a text, which bayes-fm does not read.", name),
                  "Name categorical, multi-valued or number fields.");
    }
    const auto same = [field = field](const Coding& coding) { return coding.field == field; };
    if (std::any_of(side->codings.begin(), side->codings.end(), same)) {
      throw Error(ErrorCode::invalid_option, fmt::format("Field {} is named twice.", name), "Name each field once.");
    }
    side->codings.push_back(coding_of(*field));
  }
}

void FmFeatures::lay_out(Side& side, std::size_t rows, std::optional<std::size_t> set_size) {
  FmBlock& block = blocks_.emplace_back();
  block.name = side.name;
  block.rows = rows;
  if (!set_size && side.codings.empty()) return;
  const auto add_group = [&](std::string name, std::size_t size) {
    const std::size_t begin = block.columns();
    block.groups.push_back({std::move(name), begin, begin + size});
    return begin;
  };
  add_group(block.name, rows);
  if (set_size) side.set_first = add_group(&side == &user_ ? "rated" : "raters", *set_size);
  for (Coding& coding : side.codings) coding.first = add_group(coding.field->name, coding.columns());
}

template <class Body>
void FmFeatures::for_entries(const Side& side, const Dataset& data, const Body& body) const {
  const FmBlock& block = blocks_[side.block];
  if (!block.shares()) return;
  for (std::size_t row = 0; row < block.rows; ++row) {
    body(row, row, 1.0F);
    if (side.set_first && side.block == kUser) {
      const History history = data.history(UserRow(row));
      for (const ItemRow item : history.items) body(row, *side.set_first + item.index, share(history.size()));
    } else if (side.set_first) {
      const ItemEvents item_events = data.item_events(ItemRow(row));
      for (const UserRow user : item_events.users) body(row, *side.set_first + user.index, share(item_events.size()));
    }
    for (const Coding& coding : side.codings) {
      const std::vector<std::uint32_t> codes = coding.codes(row);
      for (const std::uint32_t code : codes) body(row, coding.first + code, share(codes.size()));
    }
  }
}

std::uint64_t FmFeatures::entries(const Dataset& data) const {
  std::uint64_t count = 0;
  for (const Side* side : {&user_, &item_}) {
    const FmBlock& block = blocks_[side->block];
    if (!block.shares()) continue;
    count += block.rows + (side->set_first ? data.event_count() : 0);
    for (const Coding& coding : side->codings) {
      for (std::size_t row = 0; row < block.rows; ++row) count += coding.codes(row).size();
    }
  }
  return count;
}

void FmFeatures::add_entries(const Side& side, const Dataset& data, FmBlock& block) const {
  if (!block.shares()) return;
  block.offsets.assign(block.columns() + 1, 0);
  for_entries(side, data, [&](std::size_t, std::size_t column, float) { ++block.offsets[column + 1]; });
  std::partial_sum(block.offsets.begin(), block.offsets.end(), block.offsets.begin());
  block.column_rows.resize(block.offsets.back());
  block.weights.resize(block.offsets.back());
  std::vector<std::uint64_t> next(block.offsets.begin(), block.offsets.end() - 1);
  for_entries(side, data, [&](std::size_t row, std::size_t column, float amount) {
    const std::uint64_t place = next[column]++;
    block.column_rows[place] = static_cast<std::uint32_t>(row);
    block.weights[place] = amount;
  });
}

void FmFeatures::add_days(const Dataset& data, const FmInputs& inputs) {
  if (!inputs.day && !inputs.user_day) return;
  std::vector<std::int64_t> days;
  for (const std::int64_t time : data.times()) {
    const std::int64_t day = day_of(time);
    if (days.empty() || days.back() != day) days.push_back(day);
  }
  std::sort(days.begin(), days.end());
  days.erase(std::unique(days.begin(), days.end()), days.end());
  if (days.size() < 2) return;
  if (inputs.day) {
    days_ = std::move(days);
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

std::int64_t FmFeatures::day_of(std::int64_t time) { return nn::calendar_of(time).day; }

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

FmDesign FmFeatures::design(const Dataset& data, std::vector<std::uint32_t> users, std::vector<std::uint32_t> items,
                            std::vector<std::int64_t> times) const {
  FmDesign design;
  design.blocks = blocks_;
  add_entries(user_, data, design.blocks[kUser]);
  add_entries(item_, data, design.blocks[kItem]);
  design.rows.resize(blocks_.size());
  for (const std::size_t block : {day_block_, user_day_block_}) {
    if (block == 0) continue;
    std::vector<std::uint32_t>& rows = design.rows[block];
    rows.resize(times.size());
    for (std::size_t e = 0; e < times.size(); ++e) {
      const auto row = block == day_block_ ? day_row(times[e]) : user_day_row(users[e], times[e]);
      rows[e] = static_cast<std::uint32_t>(row.value());
    }
  }
  design.rows[kUser] = std::move(users);
  design.rows[kItem] = std::move(items);
  return design;
}

std::vector<FmEntry> FmFeatures::new_user(const Query& query) const {
  std::vector<FmEntry> entries;
  if (user_.set_first) {
    for (const HistoryEvent& event : query.history) {
      entries.push_back({static_cast<std::uint32_t>(*user_.set_first + event.item.index), share(query.history.size())});
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
