#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "gusto/data/vocabulary.h"

namespace gusto {

/// For each row of `from` the row of the same id in `to`, if it has one.
std::vector<std::optional<std::uint32_t>> same_ids(const Vocabulary& from, const Vocabulary& to);

}  // namespace gusto
