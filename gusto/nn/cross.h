#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "gusto/base/random.h"

namespace gusto::nn {

/// The bucket, below `count`, of a hash.
constexpr std::uint32_t bucket_of(std::uint64_t hash, std::uint32_t count) {
  return static_cast<std::uint32_t>(((hash >> 32U) * count) >> 32U);
}

/// Calls add(id, weight) for every combination of the parts' entries, the last part's running fastest: the weight is
/// their weights' product, the id 1 + the bucket of their ids' hash, or 0 if one of them is 0. Parts are seen through
/// anything that has ids and weight(entry).
template <class View, class Add>
void cross(std::span<const View> parts, std::uint32_t buckets, std::uint64_t hash, const Add& add, float weight = 1,
           bool known = true) {
  if (parts.empty()) return add(known ? 1 + bucket_of(hash, buckets) : 0, weight);
  if (parts.size() == 1) {  // spares a call an entry
    for (std::size_t e = 0; e < parts[0].ids.size(); ++e) {
      const std::uint32_t id = parts[0].ids[e];
      add(known && id != 0 ? 1 + bucket_of(mix(hash + id), buckets) : 0, weight * parts[0].weight(e));
    }
    return;
  }
  for (std::size_t e = 0; e < parts[0].ids.size(); ++e) {
    const std::uint32_t id = parts[0].ids[e];
    cross(parts.subspan(1), buckets, mix(hash + id), add, weight * parts[0].weight(e), known && id != 0);
  }
}

}  // namespace gusto::nn
