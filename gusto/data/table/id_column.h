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

  /// Asks for the memory that row(key) will read.
  void prefetch(std::uint64_t key) const {
    if (places_.empty()) __builtin_prefetch(&slots_[(key * kMultiplier) >> shift_]);
  }

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

/// Strings numbered in order of first appearance, which a vocabulary holds: up to sixteen bytes are distinguished as
/// two numbers, longer ones by a hash, and by their bytes where hashes are equal.
class StringRows {
 public:
  /// What a string is looked up by.
  struct Key {
    std::uint64_t begin, end;  // the first and the last eight bytes, or a hash and 0
    std::size_t size;
    bool operator==(const Key&) const = default;
  };

  explicit StringRows(Vocabulary& ids);

  static Key key_of(std::string_view id) {
    constexpr std::size_t kWord = sizeof(std::uint64_t);
    if (id.size() > 2 * kWord) return {xxh3(std::as_bytes(std::span(id))), 0, id.size()};
    if (id.size() <= kWord) return {BlockIds::word_of(id), 0, id.size()};
    return {BlockIds::word_of(id.substr(0, kWord)), BlockIds::word_of(id.substr(id.size() - kWord)), id.size()};
  }
  /// Asks for the memory that row() will read.
  void prefetch(const Key& key) const { __builtin_prefetch(&slots_[slot_of(key)]); }

  /// The row of an id with its key, which is not empty; nothing if it is new and no UTF-8 text.
  std::optional<std::uint32_t> row(const Key& key, std::string_view id) {
    std::size_t slot = slot_of(key);
    for (; slots_[slot].size != 0; slot = (slot + 1) & (slots_.size() - 1)) {
      const Slot& taken = slots_[slot];
      if (taken.begin == key.begin && taken.end == key.end && taken.size == key.size &&
          (key.size <= 2 * sizeof key.begin || (*ids_)[taken.row] == id))
        return taken.row;
    }
    return insert(slot, key, id);
  }

 private:
  struct Slot {
    std::uint64_t begin = 0, end = 0;
    std::uint32_t row = 0;
    std::uint32_t size = 0;  // of the id; 0: the slot is free
  };
  static constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15;
  static constexpr std::uint64_t kEndMultiplier = 0xC2B2AE3D27D4EB4F;

  template <class Words>
  std::size_t slot_of(const Words& words) const {
    return ((words.begin * kMultiplier) ^ (words.end * kEndMultiplier)) >> shift_;
  }
  std::optional<std::uint32_t> insert(std::size_t slot, const Key& key, std::string_view id);
  void grow();

  Vocabulary* ids_;
  std::vector<Slot> slots_;  // a power of two, at most half of them taken
  unsigned shift_ = 0;       // 64 less the power
};

/// Turns a column of ids into rows of a vocabulary, to which it adds them in order of first appearance.
///
/// Cost     integers that lie close: a load each; others: a hash of the number; strings: one hash of their bytes, of
///          those up to sixteen bytes of two numbers; dictionary-encoded ones: a load
/// Memory   4 bytes for each of up to `most_places` numbers, or 24 to 96 bytes for each id
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
