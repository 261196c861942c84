#include "gusto/models/shared/other_items.h"

namespace gusto {
namespace {

// Where fewer than one in so many items is left, they are listed instead of tried for.
constexpr std::size_t kTries = 8;

}  // namespace

OtherItems::OtherItems(std::span<const std::uint32_t> own, std::size_t item_count)
    : owned_(item_count), free_(item_count) {
  for (const std::uint32_t item : own) {
    if (!owned_[item]) --free_;
    owned_[item] = true;
  }
  if (free_ * kTries >= item_count) return;
  for (std::uint32_t item = 0; item < item_count; ++item) {
    if (!owned_[item]) listed_.push_back(item);
  }
}

std::uint32_t OtherItems::draw(Random& random) const {
  if (!listed_.empty()) return listed_[random.below(listed_.size())];
  while (true) {
    const auto item = static_cast<std::uint32_t>(random.below(owned_.size()));
    if (!owned_[item]) return item;
  }
}

}  // namespace gusto
