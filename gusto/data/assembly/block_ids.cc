#include "gusto/data/assembly/block_ids.h"

#include <algorithm>
#include <bit>
#include <functional>

#include "gusto/base/hash.h"

namespace gusto {
namespace {

constexpr std::size_t kBlockSlots = 64;

unsigned shift_for(std::size_t slots) { return 65U - static_cast<unsigned>(std::bit_width(slots)); }

bool within(std::string_view whole, std::string_view part) {
  const std::less_equal<const char*> not_after;
  return not_after(whole.data(), part.data()) && not_after(part.data() + part.size(), whole.data() + whole.size());
}

}  // namespace

void BlockIds::begin(std::string_view text) {
  text_ = text;
  ids_.clear();
  copies_.clear();
  slots_.assign(std::max(kBlockSlots, slots_.size()), {});
  shift_ = shift_for(slots_.size());
}

std::uint32_t BlockIds::add_long(std::string_view id) {
  const std::uint64_t key = xxh3(std::as_bytes(std::span(id)));
  std::size_t slot = (key * kMultiplier) >> shift_;
  for (; slots_[slot].size != 0; slot = (slot + 1) & (slots_.size() - 1)) {
    if (slots_[slot].key == key && ids_[slots_[slot].row] == id) return slots_[slot].row;
  }
  return insert(slot, key, id);
}

std::uint32_t BlockIds::insert(std::size_t slot, std::uint64_t key, std::string_view id) {
  const auto row = static_cast<std::uint32_t>(ids_.size());
  ids_.push_back(within(text_, id) ? id : std::string_view(copies_.emplace_back(id)));
  slots_[slot] = {key, row, static_cast<std::uint32_t>(id.size())};
  if (2 * ids_.size() > slots_.size()) grow();
  return row;
}

void BlockIds::grow() {
  std::vector<Slot> old(2 * slots_.size());
  old.swap(slots_);
  shift_ = shift_for(slots_.size());
  for (const Slot& taken : old) {
    if (taken.size == 0) continue;
    std::size_t slot = (taken.key * kMultiplier) >> shift_;
    while (slots_[slot].size != 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = taken;
  }
}

}  // namespace gusto
