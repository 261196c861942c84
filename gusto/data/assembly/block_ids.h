#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gusto {

/// The ids of one block of text, numbered from 0 in order of first appearance.
///
/// Ids of up to eight bytes are distinguished as one number, which is what makes reading fast; longer ones by a hash,
/// and by their bytes where hashes are equal.
class BlockIds {
 public:
  /// Forgets all ids. Views into `text` last as long as the caller needs the ids; all else that is added is copied.
  void begin(std::string_view text);

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

  /// The bytes of an id of up to eight as a number, from the lowest one on.
  static std::uint64_t word_of(std::string_view id) {
    const auto load = [&](auto part, std::size_t begin) {
      std::memcpy(&part, id.data() + begin, sizeof part);
      return std::uint64_t{part};
    };
    // Two parts that overlap, so that no loop over bytes is needed.
    const std::size_t size = id.size();
    if (size == 8) return load(std::uint64_t{}, 0);
    if (size >= 4) return load(std::uint32_t{}, 0) | load(std::uint32_t{}, size - 4) << (8 * (size - 4));
    if (size >= 2) return load(std::uint16_t{}, 0) | load(std::uint16_t{}, size - 2) << (8 * (size - 2));
    return size == 1 ? load(std::uint8_t{}, 0) : 0;
  }

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::uint32_t row = 0;
    std::uint32_t size = 0;  // of the id; 0: the slot is free
  };
  static constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15;

  std::uint32_t add_long(std::string_view id);
  std::uint32_t insert(std::size_t slot, std::uint64_t key, std::string_view id);
  void grow();

  std::string_view text_;
  std::vector<std::string_view> ids_;
  std::deque<std::string> copies_;
  std::vector<Slot> slots_;  // a power of two, at most half of them taken
  unsigned shift_ = 0;       // 64 less the power
};

}  // namespace gusto
