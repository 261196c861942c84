#include "gusto/data/table/id_column.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <limits>
#include <string_view>

#include <fmt/core.h>

#include "gusto/base/text.h"
#include "gusto/data/bytes/source.h"

namespace gusto {
namespace {

constexpr std::size_t kFirstSlots = 1024;
constexpr std::size_t kIdsAhead = 16;  // ids that are asked for before they are looked up

unsigned shift_of(std::size_t slots) { return 64U - static_cast<unsigned>(std::countr_zero(slots)); }

// Blanks are rare, so that the common case is two comparisons.
std::string_view id_in(std::string_view text) {
  const auto is_blank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  return !text.empty() && (is_blank(text.front()) || is_blank(text.back())) ? trim(text) : text;
}

template <class Number>
std::uint64_t key_of(Number number) {
  return static_cast<std::uint64_t>(number);
}

}  // namespace

void NumberRows::begin(std::uint64_t least, std::uint64_t greatest, std::size_t most_places) {
  least_ = least;
  if (greatest - least < most_places) {
    places_.assign(greatest - least + 1, 0);
  } else {
    slots_.assign(kFirstSlots, {});
    shift_ = shift_of(kFirstSlots);
  }
}

void NumberRows::grow() {
  std::vector<Slot> old(2 * slots_.size());
  old.swap(slots_);
  --shift_;
  for (const Slot& taken : old) {
    if (taken.row == 0) continue;
    std::size_t slot = (taken.key * kMultiplier) >> shift_;
    while (slots_[slot].row != 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = taken;
  }
}

StringRows::StringRows(Vocabulary& ids) : ids_(&ids), slots_(kFirstSlots), shift_(shift_of(kFirstSlots)) {}

std::optional<std::uint32_t> StringRows::insert(std::size_t slot, const Key& key, std::string_view id) {
  if (!is_plain_text(id)) return std::nullopt;
  const std::uint32_t row = ids_->add(id);
  slots_[slot] = {key.begin, key.end, row, static_cast<std::uint32_t>(key.size)};
  if (2 * ids_->size() > slots_.size()) grow();
  return row;
}

void StringRows::grow() {
  std::vector<Slot> old(2 * slots_.size());
  old.swap(slots_);
  --shift_;
  for (const Slot& taken : old) {
    if (taken.size == 0) continue;
    std::size_t slot = slot_of(taken);
    while (slots_[slot].size != 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = taken;
  }
}

IdColumn::IdColumn(const TableColumn& column, Vocabulary& ids, std::size_t most_places)
    : column_(&column), ids_(&ids), cursor_(column), strings_(ids) {
  if (!is_integer(column.type) || has_dictionary(column) || column.size() == 0) return;
  const ColumnChunk& some =
      *std::find_if(column.chunks.begin(), column.chunks.end(), [](const auto& c) { return c.size > 0; });
  with_integers(column.type, some, [&](const auto* first) {
    auto least = *first, greatest = *first;
    for (const ColumnChunk& chunk : column.chunks) {
      const auto* const numbers = static_cast<decltype(first)>(chunk.values) + chunk.offset;
      for (std::size_t i = 0; i < chunk.size; ++i) {
        least = std::min(least, numbers[i]);
        greatest = std::max(greatest, numbers[i]);
      }
    }
    numbers_.begin(key_of(least), key_of(greatest), most_places);
  });
}

bool IdColumn::read(std::size_t count, const std::uint8_t* keep, std::uint32_t* rows) {
  bool good = true;
  cursor_.for_parts(count, [&](const ColumnCursor::Part& part, std::size_t done) {
    const std::uint8_t* const own = keep == nullptr ? nullptr : keep + done;
    if (!good || (keep == nullptr && !all_valid(*part.chunk, part.begin, part.count))) {
      good = false;
    } else if (part.chunk->of != nullptr) {
      good = read_dictionary(part, own, rows + done);
    } else if (is_integer(column_->type)) {
      good = read_numbers(part, own, rows + done);
    } else {
      good = read_strings(part, own, rows + done);
    }
  });
  return good;
}

bool IdColumn::read_numbers(const ColumnCursor::Part& part, const std::uint8_t* keep, std::uint32_t* rows) {
  with_integers(column_->type, *part.chunk, [&](const auto* first) {
    for (std::size_t i = 0; i < part.count; ++i) {
      if (i + kIdsAhead < part.count) numbers_.prefetch(key_of(first[part.begin + i + kIdsAhead]));
      if (keep != nullptr && keep[i] == 0) continue;
      const auto number = first[part.begin + i];
      rows[i] = numbers_.row(key_of(number), [&] {
        std::array<char, 24> digits{};
        const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
        return ids_->add({digits.data(), static_cast<std::size_t>(end - digits.data())});
      });
    }
  });
  return true;
}

bool IdColumn::read_strings(const ColumnCursor::Part& part, const std::uint8_t* keep, std::uint32_t* rows) {
  return with_strings(column_->type, *part.chunk, [&](const auto& text_of) {
    std::array<std::string_view, kIdsAhead> ids;
    std::array<StringRows::Key, kIdsAhead> keys;
    for (std::size_t begin = 0; begin < part.count; begin += kIdsAhead) {
      const std::size_t count = std::min(kIdsAhead, part.count - begin);
      for (std::size_t i = 0; i < count; ++i) {
        if (keep != nullptr && keep[begin + i] == 0) continue;
        ids[i] = id_in(text_of(part.begin + begin + i));
        keys[i] = StringRows::key_of(ids[i]);
        strings_.prefetch(keys[i]);
      }
      for (std::size_t i = 0; i < count; ++i) {
        if (keep != nullptr && keep[begin + i] == 0) continue;
        if (ids[i].empty()) return false;
        const std::optional<std::uint32_t> row = strings_.row(keys[i], ids[i]);
        if (!row) return false;
        rows[begin + i] = *row;
      }
    }
    return true;
  });
}

bool IdColumn::read_dictionary(const ColumnCursor::Part& part, const std::uint8_t* keep, std::uint32_t* rows) {
  const TableColumn& dictionary = *part.chunk->of;
  if (dictionary_ != &dictionary) {
    dictionary_ = &dictionary;
    dictionary_rows_.assign(dictionary.size(), 0);
  }
  CellText text;
  return with_integers(column_->type, *part.chunk, [&](const auto* first) {
    for (std::size_t i = 0; i < part.count; ++i) {
      if (keep != nullptr && keep[i] == 0) continue;
      // What is negative is beyond the end as an unsigned number.
      const std::uint64_t index = key_of(first[part.begin + i]);
      if (index >= dictionary_rows_.size()) return false;
      std::uint32_t& row = dictionary_rows_[index];
      if (row == 0) {
        const auto id = text(dictionary, index);
        if (!id || id->empty() || !is_plain_text(*id)) return false;
        row = ids_->add(*id) + 1;
      }
      rows[i] = row - 1;
    }
    return true;
  });
}

bool IdColumn::next_are_ids(std::size_t count) const {
  bool good = true;
  CellText text;
  ColumnCursor cursor = cursor_;
  cursor.for_parts(count, [&](const ColumnCursor::Part& part, std::size_t) {
    good = good && all_valid(*part.chunk, part.begin, part.count);
    if (is_integer(column_->type) && part.chunk->of == nullptr) return;
    for (std::size_t i = 0; good && i < part.count; ++i) {
      const auto id = text(*column_, *part.chunk, part.begin + i);
      good = id && !id->empty() && is_plain_text(*id);
    }
  });
  return good;
}

std::optional<CellProblem> IdColumn::problem(std::size_t row) const {
  const std::string kHint = "Correct the id, or leave the row out.";
  CellText text;
  const auto id = text(*column_, row);
  if (!id) return CellProblem{"the id is null", kHint};
  if (id->empty()) return CellProblem{"the id is empty", kHint};
  if (!is_plain_text(*id)) return CellProblem{fmt::format("the id {} is not UTF-8 text", quote(*id)), kHint};
  return std::nullopt;
}

}  // namespace gusto
