#include "gusto/nn/encoder.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <utility>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/random.h"
#include "gusto/base/text.h"

namespace gusto::nn {
namespace {

constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15ULL;  // spreads small numbers before they are mixed
constexpr std::uint32_t kUnknownId = 0;
constexpr float kOne = 1;

// Calls add(id, weight) for every combination of the parts' entries; parts[p] has ids and weight().
template <class View, class Add>
void combine(std::span<const View> parts, std::uint32_t buckets, std::uint64_t hash, float weight, bool known,
             const Add& add) {
  if (parts.empty()) return add(known ? 1 + bucket_of(hash, buckets) : kUnknownId, weight);
  for (std::size_t e = 0; e < parts[0].ids.size(); ++e) {
    const std::uint32_t id = parts[0].ids[e];
    combine(parts.subspan(1), buckets, mix(hash + id), weight * parts[0].weight(e), known && id != kUnknownId, add);
  }
}

}  // namespace

Encoder::EntriesView Encoder::Table::operator[](std::size_t row) const {
  const std::size_t begin = offsets.empty() ? row : offsets[row];
  const std::size_t size = (offsets.empty() ? row + 1 : offsets[row + 1]) - begin;
  return {std::span(ids).subspan(begin, size),
          weights.empty() ? std::span<const float>{} : std::span(weights).subspan(begin, size)};
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

// Writes histories, each from its last item backwards, into a bag.
class Encoder::HistoryBuilder {
 public:
  HistoryBuilder(std::size_t rows, std::size_t bound, std::size_t cap, Arena& arena)
      : offsets_(arena.take<std::uint32_t>(rows + 1)),
        ids_(arena.take<std::uint32_t>(bound)),
        weights_(arena.take<float>(bound)),
        cap_(cap) {
    offsets_[0] = 0;
  }
  bool full() const { return end_ - begin_ == cap_; }
  void add(std::uint32_t id) { ids_[end_++] = id; }
  void end_row() {
    if (end_ == begin_) add(kUnknownId);
    std::reverse(ids_.begin() + at(begin_), ids_.begin() + at(end_));
    std::fill(weights_.begin() + at(begin_), weights_.begin() + at(end_), kOne / static_cast<float>(end_ - begin_));
    offsets_[++row_] = static_cast<std::uint32_t>(end_);
    begin_ = end_;
  }
  Bag finish() const { return {row_, ids_.first(end_), offsets_, weights_.first(end_)}; }

 private:
  static std::ptrdiff_t at(std::size_t place) { return static_cast<std::ptrdiff_t>(place); }

  std::span<std::uint32_t> offsets_;
  std::span<std::uint32_t> ids_;
  std::span<float> weights_;
  std::size_t cap_;
  std::size_t row_ = 0, begin_ = 0, end_ = 0;
};

// Which examples lose which fields.
struct Encoder::Masks {
  std::span<const std::uint64_t> draws;  // by example; empty if nothing is masked
  std::uint64_t threshold = 0;           // of 2³²

  bool any() const { return !draws.empty(); }
  bool hides(std::size_t example, std::size_t slot) const {
    return mix(draws[example] + (slot + 1) * kStep) >> 32U < threshold;
  }
};

Encoder::Encoder(std::shared_ptr<const Dataset> data, Schema schema)
    : data_(std::move(data)),
      schema_(std::move(schema)),
      user_ids_(training_ids(*data_, Side::user)),
      item_ids_(training_ids(*data_, Side::item)) {
  for (const SchemaField& field : schema_.fields()) {
    if (field.rows != rows_of(field, *data_)) {
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
  for (auto column = columns_.rbegin(); column != columns_.rend(); ++column) fill(*column);  // parts first
  const bool remembers = std::any_of(columns_.begin(), columns_.end(), [](const Column& c) { return c.is_history(); });
  if (remembers) {
    event_items_.reserve(data_->event_count());
    for (const ItemRow item : data_->items()) event_items_.push_back(item_ids_[item.index]);
  }
  for (const std::int64_t time : data_->times()) last_time_ = std::max(last_time_, time);
}

std::size_t Encoder::add_columns(const SchemaField& field) {
  Column& column = columns_.emplace_back();
  column.kind = field.spec.kind;
  column.side = field.side;
  column.count = field.spec.count;
  if (!field.spec.feature.empty()) column.feature = find_feature(data_->catalogue(), field.spec.feature).feature;
  if (column.feature != nullptr || field.spec.kind == FieldKind::time) column.codec.emplace(field);
  if (field.spec.kind == FieldKind::cross) column.key = purpose_key(field.spec.text);
  return columns_.size() - 1;
}

void Encoder::fill(Column& column) const {
  if (column.is_history() || column.is_joint()) return;
  const std::size_t rows = column.side == Side::user ? user_ids_.size() : item_ids_.size();
  if (column.kind == FieldKind::cross) return fill_cross(column, rows);
  if (column.kind == FieldKind::user || column.kind == FieldKind::item) {
    column.table.ids = column.kind == FieldKind::user ? user_ids_ : item_ids_;
    return;
  }
  TableBuilder table;
  Entries entries;
  const auto end_row = [&] {
    table.add_row(entries);
    entries.clear();
  };
  if (column.kind == FieldKind::time) {
    for (const std::int64_t time : data_->times()) {
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
    combine<EntriesView>(parts, column.count, column.key, 1, true, [&](auto id, float w) { table.add(id, w); });
    table.end_row();
  }
  column.table = table.finish();
}

template <class RowOf>
Bag Encoder::gather(const Table& table, std::size_t rows, const RowOf& row_of, std::size_t slot, const Masks& masks,
                    Arena& arena) {
  if (table.offsets.empty()) {
    const std::span<std::uint32_t> ids = arena.take<std::uint32_t>(rows);
    const std::span<float> weights = arena.take<float>(table.weights.empty() ? 0 : rows);
    for (std::size_t r = 0; r < rows; ++r) ids[r] = table.ids[row_of(r)];
    for (std::size_t r = 0; r < weights.size(); ++r) weights[r] = table.weights[row_of(r)];
    for (std::size_t r = 0; r < masks.draws.size(); ++r) {
      if (!masks.hides(r, slot)) continue;
      ids[r] = kUnknownId;
      if (!weights.empty()) weights[r] = kOne;
    }
    return {rows, ids, {}, weights};
  }
  const std::span<std::uint32_t> offsets = arena.take<std::uint32_t>(rows + 1);
  const auto hides = [&](std::size_t r) { return masks.any() && masks.hides(r, slot); };
  offsets[0] = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    const std::size_t row = row_of(r);
    offsets[r + 1] = offsets[r] + (hides(r) ? 1 : table.offsets[row + 1] - table.offsets[row]);
  }
  const std::span<std::uint32_t> ids = arena.take<std::uint32_t>(offsets[rows]);
  const std::span<float> weights = arena.take<float>(table.weights.empty() ? 0 : offsets[rows]);
  for (std::size_t r = 0; r < rows; ++r) {
    if (hides(r)) {
      ids[offsets[r]] = kUnknownId;
      if (!weights.empty()) weights[offsets[r]] = kOne;
      continue;
    }
    const EntriesView entries = table[row_of(r)];
    std::copy(entries.ids.begin(), entries.ids.end(), ids.begin() + offsets[r]);
    std::copy(entries.weights.begin(), entries.weights.end(), weights.begin() + offsets[r]);
  }
  return {rows, ids, offsets, weights};
}

Bag Encoder::repeat(const Entries& entries, std::size_t rows, Arena& arena) {
  const std::size_t size = entries.size();
  const std::span<std::uint32_t> offsets = arena.take<std::uint32_t>(size == 1 ? 0 : rows + 1);
  const std::span<std::uint32_t> ids = arena.take<std::uint32_t>(rows * size);
  const std::span<float> weights = arena.take<float>(rows * size);
  for (std::size_t r = 0; r < offsets.size(); ++r) offsets[r] = static_cast<std::uint32_t>(r * size);
  for (std::size_t r = 0; r < rows; ++r) {
    std::copy(entries.ids.begin(), entries.ids.end(), ids.begin() + static_cast<std::ptrdiff_t>(r * size));
    std::copy(entries.weights.begin(), entries.weights.end(), weights.begin() + static_cast<std::ptrdiff_t>(r * size));
  }
  return {rows, ids, offsets, weights};
}

template <class EntriesOf>
Bag Encoder::cross(const Column& column, std::size_t rows, const EntriesOf& entries_of, std::size_t slot,
                   const Masks& masks, Arena& arena) {
  const std::span<EntriesView> parts = arena.take<EntriesView>(column.parts.size());
  const auto hides = [&](std::size_t r) { return masks.any() && masks.hides(r, slot); };
  const std::span<std::uint32_t> offsets = arena.take<std::uint32_t>(rows + 1);
  offsets[0] = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    std::size_t size = 1;
    for (std::size_t p = 0; p < parts.size() && !hides(r); ++p) size *= entries_of(column.parts[p], r).ids.size();
    offsets[r + 1] = offsets[r] + static_cast<std::uint32_t>(size);
  }
  const std::span<std::uint32_t> ids = arena.take<std::uint32_t>(offsets[rows]);
  const std::span<float> weights = arena.take<float>(offsets[rows]);
  std::size_t end = 0;
  const auto add = [&](std::uint32_t id, float weight) {
    ids[end] = id;
    weights[end++] = weight;
  };
  for (std::size_t r = 0; r < rows; ++r) {
    if (hides(r)) {
      add(kUnknownId, kOne);
      continue;
    }
    for (std::size_t p = 0; p < parts.size(); ++p) parts[p] = entries_of(column.parts[p], r);
    combine<EntriesView>(parts, column.count, column.key, kOne, true, add);
  }
  return {rows, ids, end == rows ? std::span<const std::uint32_t>{} : offsets, weights};
}

Bag Encoder::histories(const Column& column, std::span<const Example> examples, Arena& arena) const {
  const std::span<const std::uint64_t> ends = data_->offsets();
  // An example's events of the user: all, or those before it.
  const auto last = [&](const Example& example) {
    return column.kind == FieldKind::history ? std::uint64_t{example.event} : ends[example.user.index + 1];
  };
  std::size_t bound = 0;
  for (const Example& example : examples) {
    bound += std::clamp<std::size_t>(last(example) - ends[example.user.index], 1, column.count);
  }
  HistoryBuilder histories(examples.size(), bound, column.count, arena);
  for (const Example& example : examples) {
    const std::uint32_t own = item_ids_[example.item.index];
    for (std::uint64_t e = last(example); e-- > ends[example.user.index] && !histories.full();) {
      if (e != example.event && event_items_[e] != own) histories.add(event_items_[e]);
    }
    histories.end_row();
  }
  return histories.finish();
}

Bag Encoder::histories(const Column& column, const EncodedAsker& asker, std::span<const ItemRow> items,
                       Arena& arena) const {
  const std::size_t size = column.kind == FieldKind::history ? asker.before : asker.history.size();
  const std::span<std::uint32_t> known = arena.take<std::uint32_t>(size);  // latest first
  std::size_t count = 0;
  // One more than can be taken, in case that the item is among them.
  for (std::size_t e = size; e-- > 0 && count <= column.count;) {
    const std::uint32_t id = item_ids_[asker.history[e].item.index];
    if (id != kUnknownId) known[count++] = id;
  }
  const std::size_t bound = items.size() * std::clamp<std::size_t>(count, 1, column.count);
  HistoryBuilder histories(items.size(), bound, column.count, arena);
  for (const ItemRow item : items) {
    const std::uint32_t own = item_ids_[item.index];
    for (std::size_t e = 0; e < count && !histories.full(); ++e) {
      if (known[e] != own) histories.add(known[e]);
    }
    histories.end_row();
  }
  return histories.finish();
}

Batch Encoder::encode(std::span<const Example> examples, const Masking& masking, Arena& arena) const {
  const std::size_t rows = examples.size();
  Masks masks;
  if (masking.probability > 0) {
    const std::span<std::uint64_t> draws = arena.take<std::uint64_t>(rows);
    const std::uint64_t key = mix(masking.key + kStep);
    for (std::size_t r = 0; r < rows; ++r) {
      draws[r] = mix(key + (std::uint64_t{examples[r].event} << 32U | examples[r].item.index));
    }
    masks.draws = draws;
    masks.threshold = static_cast<std::uint64_t>(std::ldexp(std::min(masking.probability, 1.0), 32));
  }
  const auto row_of = [examples](Side side, std::size_t r) -> std::size_t {
    if (side == Side::user) return examples[r].user.index;
    return side == Side::item ? examples[r].item.index : examples[r].event;
  };
  const std::span<Bag> bags = arena.take<Bag>(schema_.size());
  for (std::size_t slot = 0; slot < bags.size(); ++slot) {
    const Column& column = columns_[slot];
    if (column.is_history()) {
      bags[slot] = histories(column, examples, arena);
    } else if (column.is_joint()) {
      const auto entries = [&](std::size_t part, std::size_t r) {
        return columns_[part].table[row_of(columns_[part].side, r)];
      };
      bags[slot] = cross(column, rows, entries, slot, masks, arena);
    } else if (column.side == Side::user) {
      bags[slot] = gather(
          column.table, rows, [&](std::size_t r) { return examples[r].user.index; }, slot, masks, arena);
    } else if (column.side == Side::item) {
      bags[slot] = gather(
          column.table, rows, [&](std::size_t r) { return examples[r].item.index; }, slot, masks, arena);
    } else {
      bags[slot] = gather(
          column.table, rows, [&](std::size_t r) { return examples[r].event; }, slot, masks, arena);
    }
  }
  return {rows, bags, {}};
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
                fmt::format("The model has no field for what is given of the asker: {}.", fmt::join(unread, ", ")),
                read.empty() ? "It takes no features of users." : fmt::format("It takes: {}.", fmt::join(read, ", ")));
  }
  const bool inside = std::all_of(query.history.begin(), query.history.end(),
                                  [&](const HistoryEvent& e) { return e.item.index < item_ids_.size(); });
  if (!inside || (query.user && query.user->index >= user_ids_.size())) {
    throw Error(ErrorCode::invalid_input, "A query names a row that is not in the catalogue.");
  }
}

void Encoder::encode_side(const Query& query, const Column& column, Entries& out) const {
  if (column.kind == FieldKind::user) {
    return out.add(query.user && query.history.empty() ? user_ids_[query.user->index] : kUnknownId, kOne);
  }
  const auto given = std::find_if(query.features.begin(), query.features.end(),
                                  [&](const FeatureValue& feature) { return feature.field == column.feature->name; });
  if (given != query.features.end()) return column.codec->encode(given->value, out);
  if (query.user) return column.codec->encode(*column.feature, query.user->index, out);
  out.add(kUnknownId, kOne);
}

EncodedAsker Encoder::encode(const Query& query) const {
  check(query);
  EncodedAsker asker;
  asker.time = query.time == kNoTime ? last_time_ : query.time;
  asker.history.assign(query.history.begin(), query.history.end());
  if (asker.history.empty() && query.user) {
    const History stored = data_->history(*query.user);
    for (std::size_t e = 0; e < stored.size(); ++e) {
      asker.history.push_back({stored.items[e], stored.values[e], stored.times.empty() ? kNoTime : stored.times[e]});
    }
  }
  asker.before = asker.history.size();
  if (query.time != kNoTime) {
    const auto later = std::find_if(asker.history.begin(), asker.history.end(),
                                    [&](const HistoryEvent& event) { return event.time > query.time; });
    asker.before = static_cast<std::size_t>(later - asker.history.begin());
  }
  asker.fields.resize(columns_.size());
  for (std::size_t c = columns_.size(); c-- > 0;) {  // parts come before their crosses
    const Column& column = columns_[c];
    if (column.kind == FieldKind::time) {
      column.codec->encode_time(asker.time, asker.fields[c]);
    } else if (column.side == Side::user && column.kind == FieldKind::cross) {
      std::vector<EntriesView> parts;
      for (const std::size_t part : column.parts) parts.push_back({asker.fields[part].ids, asker.fields[part].weights});
      combine<EntriesView>(parts, column.count, column.key, kOne, true,
                           [&](std::uint32_t id, float weight) { asker.fields[c].add(id, weight); });
    } else if (column.side == Side::user) {
      encode_side(query, column, asker.fields[c]);
    }
  }
  return asker;
}

Batch Encoder::encode(const EncodedAsker& asker, std::span<const ItemRow> items, Arena& arena) const {
  const std::size_t rows = items.size();
  const std::span<Bag> bags = arena.take<Bag>(schema_.size());
  for (std::size_t slot = 0; slot < bags.size(); ++slot) {
    const Column& column = columns_[slot];
    if (column.is_history()) {
      bags[slot] = histories(column, asker, items, arena);
    } else if (column.is_joint()) {
      const auto entries = [&](std::size_t part, std::size_t r) -> EntriesView {
        if (columns_[part].side == Side::item) return columns_[part].table[items[r].index];
        return {asker.fields[part].ids, asker.fields[part].weights};
      };
      bags[slot] = cross(column, rows, entries, slot, {}, arena);
    } else if (column.side == Side::item) {
      bags[slot] = gather(
          column.table, rows, [&](std::size_t r) { return items[r].index; }, slot, {}, arena);
    } else {
      bags[slot] = repeat(asker.fields[slot], rows, arena);
    }
  }
  return {rows, bags, {}};
}

}  // namespace gusto::nn
