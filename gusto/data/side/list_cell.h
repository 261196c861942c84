#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gusto {

/// Whether a cell has the form of a list: "[…]".
bool looks_like_list(std::string_view cell);

/// The values of a list as Python, NumPy or JSON write it: ['Drama', "Comedy"], [1, 2], ["a" "b"], []. Of objects those
/// named "name": [{'id': 16, 'name': 'Animation'}]. Nothing if the cell is no such list. None and null are left out.
std::optional<std::vector<std::string>> parse_list_cell(std::string_view cell);

}  // namespace gusto
