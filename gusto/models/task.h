#pragma once

#include <string_view>

namespace gusto {

/// What a model is trained to do and measured on.
enum class Task {
  ratings,  ///< predict the value that a user gives an item
  likes,    ///< predict whether the value reaches a threshold
  top_n,    ///< rank items so that those the user will choose come first; every event is a positive
};

/// "ratings", "likes", "top-n".
std::string_view to_string(Task task);
/// Error(invalid_option) with the nearest name.
Task parse_task(std::string_view text);

}  // namespace gusto
