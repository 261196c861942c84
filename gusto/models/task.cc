#include "gusto/models/task.h"

#include <array>
#include <cstddef>
#include <string>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {
constexpr std::array<std::string_view, 3> kTaskNames{"ratings", "likes", "top-n"};
}  // namespace

std::string_view to_string(Task task) { return kTaskNames.at(static_cast<std::size_t>(task)); }

Task parse_task(std::string_view text) {
  for (std::size_t i = 0; i < kTaskNames.size(); ++i) {
    if (kTaskNames[i] == text) return static_cast<Task>(i);
  }
  const auto nearest = nearest_name(text, kTaskNames);
  throw Error(ErrorCode::invalid_option, fmt::format("There is no task {}.", quote(text)),
              nearest ? fmt::format("Did you mean {}?", *nearest)
                      : fmt::format("A task is one of {}.", join(kTaskNames, ", ")));
}

}  // namespace gusto
