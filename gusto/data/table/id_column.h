#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "gusto/base/hash.h"
#include "gusto/data/assembly/block_ids.h"
#include "gusto/data/table/column_reader.h"
#include "gusto/data/vocabulary.h"

namespace gusto {

/// Integers numbered from 0 in order of first appearance.
class NumberRows {
 public:
  /// For keys from `least` to `greatest`; those that lie close get a table, in which they are looked up at once.
  void begin(std::uint64_t least, std::uint64_t greatest, std::size_t most_places);

  /// The row of a key; insert(), which gives the new row, is called for one that is new.
  template <class Insert>
  std::uint32_t row(std::uint64_t key, const Insert& insert) {
    if (!places_.empty()) {
      std::uint32_t& place = places_[key - least_];
      if (place == 0) place = insert() + 1;
      return place - 1;
    }
    std::size_t slot = (key * kMultiplier) >> shift_;
    for (; slots_[slot].row != 0; slot = (slot + 1) & (slots_.size() - 1)) {
      if (slots_[slot].key == key) return slots_[slot].row - 1;
    }
    const std::uint32_t row = insert();
    slots_[slot] = {key, row + 1};
    if (2 * ++size_ > slots_.size()) grow();
    return row;
  }

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::uint32_t row = 0;  // + 1; 0: the slot is free
  };
  static constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15;
  void grow();

  std::uint64_t least_ = 0;
  std::vector<std::uint32_t> places_;  // row + 1 by key; 0: the key has not come
  std::vector<Slot> slots_;            // a power of two, at most half of them taken
  std::size_t size_ = 0;
  unsigned shift_ = 0;  // 64 less the power
};

/// Strings numbered in order of first appearance, which a vocabulary holds: up to eight bytes are distinguished as one
/// number, longer ones by a hash, and by their bytes where hashes are equal.
class StringRows {
 public:
  explicit StringRows(Vocabulary& ids);

  /// The row of an id, which is not empty; nothing if it is new and no UTF-8 text.
  std::optional<std::uint32_t> row(std::string_view id) {
    const std::uint64_t key = key_of(id);
    std::size_t slot = (key * kMultiplier) >> shift_;
    for (; slots_[slot].size != 0; slot = (slot + 1) & (slots_.size() - 1)) {
      const Slot& taken = slots_[slot];
      if (taken.key == key && taken.size == id.size() && (id.size() <= sizeof key || (*ids_)[taken.row] == id))
        return taken.row;
    }
    return insert(slot, key, id);
  }

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::uint32_t row = 0;
    std::uint32_t size = 0;  // of the id; 0: the slot is free
  };
  static constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15;

  static std::uint64_t key_of(std::string_view id) {
    return id.size() <= sizeof(std::uint64_t) ? BlockIds::word_of(id) : xxh3(std::as_bytes(std::span(id)));
  }
  std::optional<std::uint32_t> insert(std::size_t slot, std::uint64_t key, std::string_view id);
  void grow();

  Vocabulary* ids_;
  std::vector<Slot> slots_;  // a power of two, at most half of them taken
  unsigned shift_ = 0;       // 64 less the power
};

/// Turns a column of ids into rows of a vocabulary, to which it adds them in order of first appearance.
///
/// Cost     integers that lie close: a load each; others: a hash of the number; strings: one hash of their bytes, of
///          those up to eight bytes of a number; dictionary-encoded ones: a load
/// Memory   4 bytes for each of up to `most_places` numbers, or 16 to 64 bytes for each id
class IdColumn {
 public:
  /// The vocabulary is empty. Both must outlive the reader.
  IdColumn(const TableColumn& column, Vocabulary& ids, std::size_t most_places);

  void restart() { cursor_.restart(); }
  /// Passes over the next `count` ids.
  void pass(std::size_t count) {
    cursor_.for_parts(count, [](const ColumnCursor::Part&, std::size_t) {});
  }
  /// Rows of the next `count` ids, of which those are passed over whose `keep` is 0 (null pointer: none). False if one
  /// of the others is no id; those after it are not looked at then.
  bool read(std::size_t count, const std::uint8_t* keep, std::uint32_t* rows);
  /// Whether read() would find all of the next `count` rows to be ids. Nothing is read.
  bool next_are_ids(std::size_t count) const;
  /// What is wrong with a row's id, if anything is.
  std::optional<CellProblem> problem(std::size_t row) const;

 private:
  bool read_numbers(const ColumnCursor::Part& part, const std::uint8_t* keep, std::uint32_t* rows);
  bool read_strings(const ColumnCursor::Part& part, const std::uint8_t* keep, std::uint32_t* rows);
  bool read_dictionary(const ColumnCursor::Part& part, const std::uint8_t* keep, std::uint32_t* rows);

  const TableColumn* column_;
  Vocabulary* ids_;
  ColumnCursor cursor_;
  NumberRows numbers_;
  StringRows strings_;
  const TableColumn* dictionary_ = nullptr;     // of the chunk that was read last
  std::vector<std::uint32_t> dictionary_rows_;  // row + 1 of each of its entries; 0: not looked up yet
};

}  // namespace gusto
