#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gusto {

/// Maps the owner's ids, which are UTF-8 strings or numbers written as such, to rows 0, 1, 2 … in order of addition.
///
/// State    the ids' bytes end to end, an offset per id, an open-addressing table: about 16 bytes an id beside the text
/// Cost     add and find in O(length), expected
/// Threads  const members may be called concurrently
class Vocabulary {
 public:
  /// The row of id, added at the end if new. Error(invalid_input) beyond 2³² − 2 ids.
  std::uint32_t add(std::string_view id);
  std::optional<std::uint32_t> find(std::string_view id) const;
  /// The id at a row; valid until the next add.
  std::string_view operator[](std::size_t row) const {
    return std::string_view(text_).substr(offsets_[row], offsets_[row + 1] - offsets_[row]);
  }
  std::size_t size() const { return offsets_.size() - 1; }

  /// The stored form: all ids end to end, and size() + 1 offsets into it.
  std::string_view text() const { return text_; }
  std::span<const std::uint64_t> offsets() const { return offsets_; }
  /// Back from the stored form. Error(corrupt_file) if offsets do not ascend from 0 to the text's end, or an id
  /// repeats.
  static Vocabulary from_parts(std::string text, std::vector<std::uint64_t> offsets);

 private:
  void grow();
  std::size_t slot_of(std::string_view id) const;

  std::string text_;
  std::vector<std::uint64_t> offsets_{0};
  std::vector<std::uint32_t> slots_;  // row + 1, or 0 for a free slot; a power of two long, at most half full
};

}  // namespace gusto
