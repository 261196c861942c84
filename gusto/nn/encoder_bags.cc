// How an encoder makes the bags of a batch.

#include <algorithm>
#include <cmath>

#include "gusto/base/random.h"
#include "gusto/nn/cross.h"
#include "gusto/nn/encoder.h"

namespace gusto::nn {
namespace {

constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15ULL;  // spreads small numbers before they are mixed

}  // namespace

// Which examples lose one field.
struct Encoder::Mask {
  std::span<const std::uint64_t> draws;  // by example; empty if nothing is masked
  unsigned shift = 0;                    // to this field's 32 bits of a draw
  std::uint64_t threshold = 0;           // of 2³²

  bool any() const { return !draws.empty(); }
  bool hides(std::size_t example) const {
    return any() && static_cast<std::uint32_t>(draws[example] >> shift) < threshold;
  }
};

// Draws for one slot after the other; one draw serves two.
class Encoder::MaskDraws {
 public:
  // key_of(r) tells rows apart.
  template <class KeyOf>
  MaskDraws(std::size_t rows, const Masking& masking, Arena& arena, const KeyOf& key_of) {
    if (!(masking.probability > 0)) return;
    threshold_ = static_cast<std::uint64_t>(std::ldexp(std::min(masking.probability, 1.0), 32));
    keys_ = arena.allocate<std::uint64_t>(rows);
    draws_ = arena.allocate<std::uint64_t>(rows);
    const std::uint64_t key = mix(masking.key + kStep);
    for (std::size_t r = 0; r < rows; ++r) keys_[r] = key + std::uint64_t{key_of(r)} * kStep;
  }
  // What this returns holds until the next call.
  Mask of(std::size_t slot) {
    const std::size_t pair = slot / 2 + 1;
    if (pair != pair_) {
      const std::uint64_t mixed = mix(pair);
      for (std::size_t r = 0; r < draws_.size(); ++r) draws_[r] = mix(keys_[r] + mixed);
      pair_ = pair;
    }
    return {draws_, slot % 2 == 0 ? 32U : 0U, threshold_};
  }

 private:
  std::span<std::uint64_t> keys_, draws_;
  std::uint64_t threshold_ = 0;
  std::size_t pair_ = 0;  // whose draws there are
};

template <class RowOf>
Bag Encoder::gather(const Table& table, std::size_t rows, const RowOf& row_of, const Mask& mask, Arena& arena) {
  if (table.offsets.empty()) {
    const std::span<std::uint32_t> ids = arena.allocate<std::uint32_t>(rows);
    const std::span<float> weights = arena.allocate<float>(table.weights.empty() ? 0 : rows);
    for (std::size_t r = 0; r < rows; ++r) ids[r] = table.ids[row_of(r)];
    for (std::size_t r = 0; r < weights.size(); ++r) weights[r] = table.weights[row_of(r)];
    for (std::size_t r = 0; mask.any() && r < rows; ++r) {
      const bool hidden = mask.hides(r);
      ids[r] = hidden ? kUnknown : ids[r];  // without a branch
      if (!weights.empty()) weights[r] = hidden ? kFullWeight : weights[r];
    }
    return {rows, ids, {}, weights};
  }
  const std::span<std::uint32_t> offsets = arena.allocate<std::uint32_t>(rows + 1);
  offsets[0] = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    const std::size_t row = row_of(r);
    offsets[r + 1] = offsets[r] + (mask.hides(r) ? 1 : table.offsets[row + 1] - table.offsets[row]);
  }
  const std::span<std::uint32_t> ids = arena.allocate<std::uint32_t>(offsets[rows]);
  const std::span<float> weights = arena.allocate<float>(table.weights.empty() ? 0 : offsets[rows]);
  for (std::size_t r = 0; r < rows; ++r) {
    if (mask.hides(r)) {
      ids[offsets[r]] = kUnknown;
      if (!weights.empty()) weights[offsets[r]] = kFullWeight;
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
  const std::span<std::uint32_t> offsets = arena.allocate<std::uint32_t>(size == 1 ? 0 : rows + 1);
  const std::span<std::uint32_t> ids = arena.allocate<std::uint32_t>(rows * size);
  const bool plain =
      std::all_of(entries.weights.begin(), entries.weights.end(), [](float w) { return w == kFullWeight; });
  const std::span<float> weights = arena.allocate<float>(plain ? 0 : rows * size);
  for (std::size_t r = 0; r < offsets.size(); ++r) offsets[r] = static_cast<std::uint32_t>(r * size);
  for (std::size_t r = 0; r < rows; ++r) std::copy(entries.ids.begin(), entries.ids.end(), ids.data() + r * size);
  for (std::size_t r = 0; r < rows && !plain; ++r) {
    std::copy(entries.weights.begin(), entries.weights.end(), weights.data() + r * size);
  }
  return {rows, ids, offsets, weights};
}

Bag Encoder::stack(std::size_t place, std::span<const EncodedQueryUser> query_users, Arena& arena) {
  const std::span<std::uint32_t> offsets = arena.allocate<std::uint32_t>(query_users.size() + 1);
  offsets[0] = 0;
  for (std::size_t r = 0; r < query_users.size(); ++r) {
    offsets[r + 1] = offsets[r] + static_cast<std::uint32_t>(query_users[r].fields[place].size());
  }
  const std::span<std::uint32_t> ids = arena.allocate<std::uint32_t>(offsets.back());
  const std::span<float> weights = arena.allocate<float>(offsets.back());
  for (std::size_t r = 0; r < query_users.size(); ++r) {
    const Entries& entries = query_users[r].fields[place];
    std::copy(entries.ids.begin(), entries.ids.end(), ids.begin() + offsets[r]);
    std::copy(entries.weights.begin(), entries.weights.end(), weights.begin() + offsets[r]);
  }
  return {query_users.size(), ids, offsets, weights};
}

template <class EntriesOf>
Bag Encoder::cross(const Column& column, std::size_t rows, const EntriesOf& entries_of, const Mask& mask,
                   Arena& arena) {
  const std::span<EntriesView> parts = arena.allocate<EntriesView>(column.parts.size());
  const std::span<std::uint32_t> offsets = arena.allocate<std::uint32_t>(rows + 1);
  offsets[0] = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    const bool hidden = mask.hides(r);
    std::size_t size = 1;
    for (std::size_t p = 0; !hidden && p < parts.size(); ++p) size *= entries_of(column.parts[p], r).ids.size();
    offsets[r + 1] = offsets[r] + static_cast<std::uint32_t>(size);
  }
  const std::span<std::uint32_t> ids = arena.allocate<std::uint32_t>(offsets[rows]);
  const std::span<float> weights = arena.allocate<float>(offsets[rows]);
  std::size_t end = 0;
  const auto add = [&](std::uint32_t id, float weight) {
    ids[end] = id;
    weights[end++] = weight;
  };
  for (std::size_t r = 0; r < rows; ++r) {
    if (mask.hides(r)) {
      add(kUnknown, kFullWeight);
      continue;
    }
    for (std::size_t p = 0; p < parts.size(); ++p) parts[p] = entries_of(column.parts[p], r);
    nn::cross<EntriesView>(parts, column.count, column.key, add);
  }
  const bool single = end == rows;
  const bool plain = single && std::all_of(weights.begin(), weights.end(), [](float w) { return w == kFullWeight; });
  return {rows, ids, single ? std::span<const std::uint32_t>{} : offsets,
          plain ? std::span<const float>{} : std::span<const float>(weights)};
}

Batch Encoder::encode(std::span<const Example> examples, Slots slots, const Masking& masking, Arena& arena) const {
  const std::size_t rows = examples.size();
  MaskDraws draws(rows, masking, arena,
                  [&](std::size_t r) { return std::uint64_t{examples[r].event} << 32U | examples[r].item.index; });
  const auto row_of = [examples](Side side, std::size_t r) -> std::size_t {
    if (side == Side::user) return examples[r].user.index;
    return side == Side::item ? examples[r].item.index : examples[r].event;
  };
  const std::span<Bag> bags = arena.allocate<Bag>(schema_.size());
  for (std::size_t slot = 0; slot < bags.size(); ++slot) {
    const Column& column = columns_[slot];
    if (slots == Slots::query_users && column.reads_item) {
      bags[slot] = {};
    } else if (column.is_history()) {
      bags[slot] = histories(column, examples, arena);
    } else if (column.is_summary()) {
      bags[slot] = summaries(column, examples, arena);
    } else if (column.is_joint()) {
      const auto entries = [&](std::size_t part, std::size_t r) {
        return columns_[part].table[row_of(columns_[part].side, r)];
      };
      bags[slot] = cross(column, rows, entries, draws.of(slot), arena);
    } else if (column.side == Side::user) {
      bags[slot] = gather(
          column.table, rows, [&](std::size_t r) { return examples[r].user.index; }, draws.of(slot), arena);
    } else if (column.side == Side::item) {
      bags[slot] = gather(
          column.table, rows, [&](std::size_t r) { return examples[r].item.index; }, draws.of(slot), arena);
    } else {
      bags[slot] = gather(
          column.table, rows, [&](std::size_t r) { return examples[r].event; }, draws.of(slot), arena);
    }
  }
  return {rows, bags, {}};
}

Batch Encoder::encode(std::span<const Example> examples, const Masking& masking, Arena& arena) const {
  return encode(examples, Slots::all, masking, arena);
}

Batch Encoder::encode_query_users(std::span<const Example> examples, const Masking& masking, Arena& arena) const {
  return encode(examples, Slots::query_users, masking, arena);
}

Batch Encoder::encode_items(std::span<const ItemRow> items, const Masking& masking, Arena& arena) const {
  // No example has this event, so that no draw is one of encode()'s.
  constexpr std::uint64_t kNoEvent = 0xffffffffULL << 32U;
  MaskDraws draws(items.size(), masking, arena, [&](std::size_t r) { return kNoEvent | items[r].index; });
  const std::span<Bag> bags = arena.allocate<Bag>(schema_.size());
  for (std::size_t slot = 0; slot < bags.size(); ++slot) {
    bags[slot] = {};
    if (columns_[slot].side != Side::item) continue;
    bags[slot] = gather(
        columns_[slot].table, items.size(), [&](std::size_t r) { return items[r].index; }, draws.of(slot), arena);
  }
  return {items.size(), bags, {}};
}

Batch Encoder::encode_query_users(std::span<const EncodedQueryUser> query_users, Arena& arena) const {
  const std::span<Bag> bags = arena.allocate<Bag>(schema_.size());
  for (std::size_t slot = 0; slot < bags.size(); ++slot) {
    const Column& column = columns_[slot];
    if (column.reads_item) {
      bags[slot] = {};
    } else if (column.is_history()) {
      bags[slot] = histories(column, query_users, arena);
    } else if (column.is_summary()) {
      bags[slot] = summaries(column, query_users, arena);
    } else if (column.is_joint()) {
      const auto entries = [&](std::size_t part, std::size_t r) -> EntriesView {
        return {query_users[r].fields[part].ids, query_users[r].fields[part].weights};
      };
      bags[slot] = cross(column, query_users.size(), entries, {}, arena);
    } else {
      bags[slot] = stack(slot, query_users, arena);
    }
  }
  return {query_users.size(), bags, {}};
}

Batch Encoder::encode(const EncodedQueryUser& query_user, std::span<const ItemRow> items, Arena& arena) const {
  const std::size_t rows = items.size();
  const std::span<Bag> bags = arena.allocate<Bag>(schema_.size());
  for (std::size_t slot = 0; slot < bags.size(); ++slot) {
    const Column& column = columns_[slot];
    if (column.is_history()) {
      bags[slot] = histories(column, query_user, items, arena);
    } else if (column.is_summary()) {
      bags[slot] = summaries(column, query_user, items, arena);
    } else if (column.is_joint()) {
      const auto entries = [&](std::size_t part, std::size_t r) -> EntriesView {
        if (columns_[part].side == Side::item) return columns_[part].table[items[r].index];
        return {query_user.fields[part].ids, query_user.fields[part].weights};
      };
      bags[slot] = cross(column, rows, entries, {}, arena);
    } else if (column.side == Side::item) {
      bags[slot] = gather(
          column.table, rows, [&](std::size_t r) { return items[r].index; }, {}, arena);
    } else {
      bags[slot] = repeat(query_user.fields[slot], rows, arena);
    }
  }
  return {rows, bags, {}};
}

}  // namespace gusto::nn
