#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "gusto/data/split/split.h"
#include "gusto/data/testing/lines.h"

namespace gusto::test {

/// A split, given as text, of data that are written down line by line. For tests only.
inline Split split_of(const std::vector<Line>& lines, std::string_view spec, std::uint64_t seed = 42) {
  SplitOptions options;
  options.spec = parse_split(spec);
  options.seed = seed;
  return make_split(make_data(lines), options);
}

}  // namespace gusto::test
