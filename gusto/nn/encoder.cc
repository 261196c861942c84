#include "gusto/nn/encoder.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/random.h"
#include "gusto/base/text.h"
#include "gusto/nn/cross.h"

namespace gusto::nn {
Encoder::EntriesView Encoder::Table::operator[](std::size_t row) const {
  const std::size_t begin = offsets.empty() ? row : offsets[row];
  const std::size_t size = (offsets.empty() ? row + 1 : offsets[row + 1]) - begin;
  return {std::span(ids).subspan(begin, size),
          weights.empty() ? std::span<const float>{} : std::span(weights).subspan(begin, size)};
}

Encoder::EntriesView Encoder::EntriesView::part(std::size_t begin, std::size_t size) const {
  return {ids.subspan(begin, size), weights.empty() ? weights : weights.subspan(begin, size)};
}

class Encoder::TableBuilder {
 public:
  void add(std::uint32_t id, float weight) {
    table_.ids.push_back(id);
    table_.weights.push_back(weight);
  }
  void end_row() { table_.offsets.push_back(static_cast<std::uint32_t>(table_.ids.size())); }
  void add_row(const Entries& entries) {
    for (std::size_t e = 0; e < entries.size(); ++e) add(entries.ids[e], entries.weights[e]);
    end_row();
  }
  Table finish() {
    bool single = true;
    for (std::size_t r = 0; r < table_.offsets.size(); ++r) single = single && table_.offsets[r] == r;
    if (single) table_.offsets = {};
    if (std::all_of(table_.weights.begin(), table_.weights.end(), [](float w) { return w == 1; })) table_.weights = {};
    return std::move(table_);
  }

 private:
  Table table_{{}, {0}, {}};
};

Encoder::Encoder(const Dataset& data, Schema schema)
    : data_(data),
      schema_(std::move(schema)),
      user_ids_(training_ids(data_, Side::user)),
      item_ids_(training_ids(data_, Side::item)) {
  for (const SchemaField& field : schema_.fields()) {
    if (field.rows != rows_of(field, data_)) {
      throw Error(ErrorCode::internal, fmt::format("The field {} was learned from other data.", field.spec.text));
    }
  }
  columns_.reserve(schema_.size());
  for (const SchemaField& field : schema_.fields()) add_columns(field);
  // Parts of crosses come after all slots.
  for (std::size_t slot = 0; slot < schema_.size(); ++slot) {
    for (const SchemaField& part : schema_[slot].parts) {
      const std::size_t place = add_columns(part);
      columns_[slot].parts.push_back(place);
    }
  }
  for (std::size_t c = schema_.size(); c < columns_.size(); ++c) fill(columns_[c]);
  check_crosses(nullptr);
  for (std::size_t slot = 0; slot < schema_.size(); ++slot) fill(columns_[slot]);
  remember();
  for (const std::int64_t time : data_.times()) last_time_ = std::max(last_time_, time);
}

std::size_t Encoder::add_columns(const SchemaField& field) {
  Column& column = columns_.emplace_back();
  column.kind = field.spec.kind;
  column.side = field.side;
  column.reads_item = field.reads_item();
  column.count = field.spec.count;
  column.by_value = field.spec.by_value;
  for (std::uint32_t k = 0; field.spec.by_recency && k < column.count; ++k) {
    column.recency.push_back(1 / std::sqrt(static_cast<float>(1 + k)));
  }
  if (!field.spec.feature.empty()) column.feature = find_feature(data_.catalog(), field.spec.feature).feature;
  if (column.feature != nullptr || column.kind == FieldKind::time || column.is_summary()) column.codec.emplace(field);
  if (field.spec.kind == FieldKind::cross) column.key = purpose_key(field.spec.text);
  return columns_.size() - 1;
}

void Encoder::fill(Column& column) const {
  if (column.is_history() || column.is_summary() || column.is_joint()) return;
  const std::size_t rows = column.side == Side::user ? user_ids_.size() : item_ids_.size();
  if (column.kind == FieldKind::cross) return fill_cross(column, rows);
  if (column.kind == FieldKind::user || column.kind == FieldKind::item) {
    column.table.ids = column.kind == FieldKind::user ? user_ids_ : item_ids_;
    return;
  }
  TableBuilder table;
  Entries entries;
  const auto end_row = [&] {
    column.widest = std::max(column.widest, entries.size());
    table.add_row(entries);
    entries.clear();
  };
  if (column.kind == FieldKind::time) {
    for (const std::int64_t time : data_.times()) {
      column.codec->encode_time(time, entries);
      end_row();
    }
  } else {
    for (std::size_t row = 0; row < rows; ++row) {
      column.codec->encode(*column.feature, row, entries);
      end_row();
    }
  }
  column.table = table.finish();
}

void Encoder::fill_cross(Column& column, std::size_t rows) const {
  TableBuilder table;
  std::vector<EntriesView> parts(column.parts.size());
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t p = 0; p < parts.size(); ++p) parts[p] = columns_[column.parts[p]].table[row];
    nn::cross<EntriesView>(parts, column.count, column.key, [&](auto id, float w) { table.add(id, w); });
    table.end_row();
  }
  column.table = table.finish();
}

// What all examples can have, or those of one user.
void Encoder::check_crosses(const EncodedQueryUser* query_user) const {
  for (std::size_t slot = 0; slot < schema_.size(); ++slot) {
    std::size_t combinations = 1;
    for (const std::size_t part : columns_[slot].parts) {
      const bool asked = query_user != nullptr && columns_[part].side != Side::item;
      combinations *= asked ? query_user->fields[part].size() : columns_[part].widest;
      if (combinations <= kMaxCombinations) continue;
      throw Error(query_user == nullptr ? ErrorCode::invalid_option : ErrorCode::invalid_input,
                  fmt::format("The field {} has more than {} combinations of values in one example.",
                              schema_[slot].spec.text, format_count(kMaxCombinations)),
                  "Cross fewer fields that have several values.");
    }
  }
}

void Encoder::check(const Query& query) const {
  std::vector<std::string_view> read, unread;
  for (const Column& column : columns_) {
    if (column.feature != nullptr && column.side == Side::user) read.emplace_back(column.feature->name);
  }
  for (std::size_t f = 0; f < query.features.size(); ++f) {
    const std::string_view name = query.features[f].field;
    if (std::find(read.begin(), read.end(), name) == read.end()) unread.push_back(name);
    for (std::size_t other = 0; other < f; ++other) {
      if (query.features[other].field != name) continue;
      throw Error(ErrorCode::invalid_input, fmt::format("The feature {} is given twice.", quote(name)),
                  "Give it once; several values are separated by |.");
    }
  }
  if (!unread.empty()) {
    std::sort(read.begin(), read.end());
    read.erase(std::unique(read.begin(), read.end()), read.end());
    throw Error(ErrorCode::invalid_input,
                fmt::format("The model has no field for what is given of the user: {}.", join(unread, ", ")),
                read.empty() ? "It takes no features of users." : fmt::format("It takes: {}.", join(read, ", ")));
  }
  const bool inside = std::all_of(query.history.begin(), query.history.end(),
                                  [&](const HistoryEvent& e) { return e.item.index < item_ids_.size(); });
  if (!inside || (query.user && query.user->index >= user_ids_.size())) {
    throw Error(ErrorCode::invalid_input, "A query names a row that is not in the catalog.");
  }
}

void Encoder::encode_side(const Query& query, const Column& column, Entries& out) const {
  if (column.kind == FieldKind::user) {
    return out.add(query.user && query.history.empty() ? user_ids_[query.user->index] : 0, 1);
  }
  const auto given = std::find_if(query.features.begin(), query.features.end(),
                                  [&](const FeatureValue& feature) { return feature.field == column.feature->name; });
  if (given != query.features.end()) return column.codec->encode(given->value, out);
  if (query.user) return column.codec->encode(*column.feature, query.user->index, out);
  out.add(0, 1);
}

EncodedQueryUser Encoder::encode(const Query& query) const {
  check(query);
  EncodedQueryUser query_user;
  query_user.time = query.time == kNoTime ? last_time_ : query.time;
  query_user.history.assign(query.history.begin(), query.history.end());
  if (query_user.history.empty() && query.user) query_user.history = events_of(data_.history(*query.user));
  query_user.before = query_user.history.size();
  if (query.time != kNoTime) {
    const auto later = std::find_if(query_user.history.begin(), query_user.history.end(),
                                    [&](const HistoryEvent& event) { return event.time > query.time; });
    query_user.before = static_cast<std::size_t>(later - query_user.history.begin());
  }
  query_user.fields.resize(columns_.size());
  for (std::size_t c = schema_.size(); c < columns_.size(); ++c) encode_column(query, c, query_user);
  check_crosses(&query_user);
  for (std::size_t slot = 0; slot < schema_.size(); ++slot) encode_column(query, slot, query_user);
  return query_user;
}

void Encoder::encode_column(const Query& query, std::size_t place, EncodedQueryUser& query_user) const {
  const Column& column = columns_[place];
  Entries& out = query_user.fields[place];
  if (column.kind == FieldKind::time) {
    column.codec->encode_time(query_user.time, out);
  } else if (column.side == Side::user && column.kind == FieldKind::cross) {
    std::vector<EntriesView> parts;
    for (const std::size_t part : column.parts)
      parts.push_back({query_user.fields[part].ids, query_user.fields[part].weights});
    nn::cross<EntriesView>(parts, column.count, column.key, [&](auto id, float w) { out.add(id, w); });
  } else if (column.side == Side::user) {
    encode_side(query, column, out);
  }
}

}  // namespace gusto::nn
