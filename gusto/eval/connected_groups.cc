#include "gusto/eval/connected_groups.h"

#include <numeric>

namespace gusto {
namespace {

// The representative of a node's set; paths are halved on the way.
std::uint32_t root_of(std::vector<std::uint32_t>& parents, std::uint32_t node) {
  while (parents[node] != node) node = parents[node] = parents[parents[node]];
  return node;
}

}  // namespace

ConnectedGroups::ConnectedGroups(const Dataset& train)
    : users_(train.user_count()), groups_(train.user_count() + train.item_count(), kNone) {
  std::vector<std::uint32_t> parents(groups_.size());
  std::iota(parents.begin(), parents.end(), 0U);
  const std::span<const std::uint64_t> offsets = train.offsets();
  for (std::size_t user = 0; user < users_; ++user) {
    for (std::size_t e = offsets[user]; e < offsets[user + 1]; ++e) {
      const std::uint32_t a = root_of(parents, static_cast<std::uint32_t>(user));
      const std::uint32_t b = root_of(parents, static_cast<std::uint32_t>(users_ + train.items()[e].index));
      parents[a < b ? b : a] = a < b ? a : b;  // the lowest node is the root, so a user is
    }
  }
  for (std::size_t user = 0; user < users_; ++user) {
    if (offsets[user] == offsets[user + 1]) continue;
    const std::uint32_t root = root_of(parents, static_cast<std::uint32_t>(user));
    if (root == user) groups_[root] = static_cast<std::uint32_t>(count_++);
    groups_[user] = groups_[root];
  }
  for (const ItemRow item : train.items()) {
    const std::size_t node = users_ + item.index;
    groups_[node] = groups_[root_of(parents, static_cast<std::uint32_t>(node))];
  }
}

bool ConnectedGroups::foreign(UserRow user, ItemRow item) const {
  const std::optional<std::uint32_t> own = of(user);
  const std::optional<std::uint32_t> other = of(item);
  return own && other && *own != *other;
}

}  // namespace gusto
