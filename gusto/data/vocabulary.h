#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/base/deferred.h"
#include "gusto/base/shared_array.h"

namespace gusto {

/// Ids in their stored form: all of them end to end, and one offset more than there are ids into that text.
struct StoredIds {
  SharedArray<char> text;
  SharedArray<std::uint64_t> offsets;
};

/// Maps the owner's ids, which are UTF-8 strings or numbers written as such, to rows 0, 1, 2 … in order of addition.
///
/// State    the ids' bytes end to end, an offset per id, an open-addressing table: about 16 bytes an id beside the
///          text. Ids of a file stay there, and their table is made when one is first looked up or added.
/// Cost     add and find in O(length), expected
/// Threads  const members may be called concurrently
class Vocabulary {
 public:
  Vocabulary() = default;

  /// The row of id, added at the end if new. Error(invalid_input) beyond 2³² − 2 ids.
  std::uint32_t add(std::string_view id);
  std::optional<std::uint32_t> find(std::string_view id) const;
  /// The id at a row; valid until the next add.
  std::string_view operator[](std::size_t row) const {
    return borrowed_ ? id_at(borrowed_->ids.get(), row) : own_id(row);
  }
  std::size_t size() const { return borrowed_ ? borrowed_->size : offsets_.size() - 1; }

  /// The most ids that there can be: a row is a 32-bit number, and two are reserved.
  static constexpr std::size_t kMaxSize = 0xffff'fffe;

  /// The stored form.
  std::string_view text() const;
  std::span<const std::uint64_t> offsets() const;
  /// Back from the stored form. Error(corrupt_file) if offsets do not ascend to the text's end, or an id repeats.
  static Vocabulary from_parts(std::string text, std::vector<std::uint64_t> offsets);
  /// Over `size` ids, at most kMaxSize, that stay where they are and are asked for when one is first used. What comes
  /// must have offsets that ascend from 0 to the text's end. If an id repeats, whoever first looks one up gets
  /// Error(corrupt_file), whose message begins with `complaint`.
  static Vocabulary over(std::size_t size, Deferred<StoredIds> ids, std::string complaint);

 private:
  using Slots = std::vector<std::uint32_t>;  // row + 1, or 0 for a free slot; a power of two long, at most half full
  struct Borrowed {
    std::size_t size;
    Deferred<StoredIds> ids;
    Deferred<Slots> slots;
  };

  std::string_view own_id(std::size_t row) const {
    return std::string_view(text_).substr(offsets_[row], offsets_[row + 1] - offsets_[row]);
  }
  static std::string_view id_at(const StoredIds& ids, std::size_t row) {
    const std::uint64_t begin = ids.offsets[row];
    return {ids.text.span().data() + begin, static_cast<std::size_t>(ids.offsets[row + 1] - begin)};
  }
  void own();
  void grow();

  std::string text_;
  std::vector<std::uint64_t> offsets_{0};
  Slots slots_;
  std::optional<Borrowed> borrowed_;  // the others are empty then
};

}  // namespace gusto
