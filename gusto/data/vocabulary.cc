#include "gusto/data/vocabulary.h"

#define XXH_INLINE_ALL
#include <algorithm>
#include <limits>
#include <utility>

#include <xxhash.h>

#include "gusto/base/error.h"

namespace gusto {
namespace {

constexpr std::size_t kFirstSlots = 16;
constexpr std::size_t kMaxIds = std::numeric_limits<std::uint32_t>::max() - 1;

std::size_t hash_of(std::string_view id) { return XXH3_64bits(id.data(), id.size()); }

}  // namespace

std::uint32_t Vocabulary::add(std::string_view id) {
  if (2 * (size() + 1) > slots_.size()) grow();
  const std::size_t slot = slot_of(id);
  if (slots_[slot] != 0) return slots_[slot] - 1;
  if (size() >= kMaxIds) {
    throw Error(ErrorCode::invalid_input, "There are more than 4,294,967,294 different ids.",
                "Divide the data into smaller sets.");
  }
  text_.append(id);
  offsets_.push_back(text_.size());
  slots_[slot] = static_cast<std::uint32_t>(size());
  return slots_[slot] - 1;
}

std::optional<std::uint32_t> Vocabulary::find(std::string_view id) const {
  if (slots_.empty()) return std::nullopt;
  const std::uint32_t found = slots_[slot_of(id)];
  if (found == 0) return std::nullopt;
  return found - 1;
}

Vocabulary Vocabulary::from_parts(std::string text, std::vector<std::uint64_t> offsets) {
  const bool valid = !offsets.empty() && offsets.size() - 1 <= kMaxIds && offsets.front() == 0 &&
                     offsets.back() == text.size() && std::is_sorted(offsets.begin(), offsets.end());
  if (!valid) throw Error(ErrorCode::corrupt_file, "The offsets of a list of ids do not fit its text.");
  Vocabulary result;
  result.text_ = std::move(text);
  result.offsets_ = std::move(offsets);
  std::size_t slots = kFirstSlots;
  while (slots < 2 * result.size()) slots *= 2;
  result.slots_.assign(slots, 0);
  for (std::size_t row = 0; row < result.size(); ++row) {
    const std::size_t slot = result.slot_of(result[row]);
    if (result.slots_[slot] != 0) throw Error(ErrorCode::corrupt_file, "A list of ids holds the same id twice.");
    result.slots_[slot] = static_cast<std::uint32_t>(row + 1);
  }
  return result;
}

void Vocabulary::grow() {
  slots_.assign(std::max(kFirstSlots, 2 * slots_.size()), 0);
  for (std::size_t row = 0; row < size(); ++row) slots_[slot_of((*this)[row])] = static_cast<std::uint32_t>(row + 1);
}

// The slot that holds id, or else the free slot where it belongs (linear probing).
std::size_t Vocabulary::slot_of(std::string_view id) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash_of(id) & mask;
  while (slots_[slot] != 0 && (*this)[slots_[slot] - 1] != id) slot = (slot + 1) & mask;
  return slot;
}

}  // namespace gusto
