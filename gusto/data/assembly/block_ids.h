#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gusto {

/// The ids of one block of text, numbered from 0 in order of first appearance.
///
/// Ids of up to eight bytes are told apart as one number, which is what makes reading fast; longer ones by a hash, and
/// by their bytes where hashes are equal.
class BlockIds {
 public:
  /// Forgets all ids. Views into `text` last as long as the caller needs the ids; all else that is added is copied.
  void begin(std::string_view text);
  /// The same where views of all that is added last so long: nothing is copied.
  void begin();

  std::uint32_t add(std::string_view id) {
    return id.size() <= sizeof(std::uint64_t) ? add_word(word_of(id), id) : add_long(id);
  }
  /// The same for an id of up to eight bytes, given as a number too: its bytes from the lowest one on, then zeros.
  std::uint32_t add_word(std::uint64_t word, std::string_view id) {
    std::size_t slot = (word * kMultiplier) >> shift_;
    while (slots_[slot].key != word || slots_[slot].size != id.size()) {
      if (slots_[slot].size == 0) return insert(slot, word, id);
      slot = (slot + 1) & (slots_.size() - 1);
    }
    return slots_[slot].row;
  }
  std::span<const std::string_view> ids() const { return ids_; }

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::uint32_t row = 0;
    std::uint32_t size = 0;  // of the id; 0: the slot is free
  };
  static constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15;

  static std::uint64_t word_of(std::string_view id);
  std::uint32_t add_long(std::string_view id);
  std::uint32_t insert(std::size_t slot, std::uint64_t key, std::string_view id);
  void grow();

  std::optional<std::string_view> text_;  // none: all ids stay
  std::vector<std::string_view> ids_;
  std::deque<std::string> copies_;
  std::vector<Slot> slots_;  // a power of two, at most half of them taken
  unsigned shift_ = 0;       // 64 less the power
};

}  // namespace gusto
