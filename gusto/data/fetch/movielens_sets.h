#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace gusto {

/// A data set that GroupLens publishes as an archive, at kGroupLens + name + ".zip".
struct PublishedSet {
  std::string_view name;
  std::uint64_t ratings;
  std::uint64_t users;
  std::uint64_t bytes;   ///< of the archive; about, if it is still changed
  std::string_view md5;  ///< of the archive, as GroupLens publishes it beside the archive; empty if it is still changed
  std::string_view years;  ///< when it was rated
  bool may_be_passed_on;   ///< whether its license allows that, under the same conditions
};

inline constexpr std::string_view kGroupLens = "https://files.grouplens.org/datasets/movielens/";

/// From small to large.
std::span<const PublishedSet> published_sets();

/// Error(not_found), with the nearest name, if there is no such set.
const PublishedSet& find_published_set(std::string_view name);

/// A sentence that says what its license allows, in short.
std::string_view license_sentence(const PublishedSet& set);

}  // namespace gusto
