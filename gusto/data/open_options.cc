#include "gusto/data/open_options.h"

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {

std::vector<std::string> value_changes(DuplicatePolicy duplicates, bool weights, bool half_life,
                                       std::string_view transform) {
  std::vector<std::string> changes;
  if (weights) changes.emplace_back("weights");
  if (half_life) changes.emplace_back("half-life");
  if (duplicates == DuplicatePolicy::mean) changes.emplace_back("duplicates=mean");
  if (duplicates == DuplicatePolicy::sum) changes.emplace_back("duplicates=sum");
  if (duplicates == DuplicatePolicy::max) changes.emplace_back("duplicates=max");
  if (!transform.empty()) changes.push_back(fmt::format("transform={}", transform));
  return changes;
}

std::vector<std::string> OpenOptions::value_changes() const {
  return gusto::value_changes(duplicates, !weights.empty(), half_life.has_value(), transform);
}

std::string_view to_string(Extra extra) {
  switch (extra) {
    case Extra::tags: return "tags";
    case Extra::links: return "links";
    case Extra::genome: return "genome";
  }
  return "tags";
}

Extra parse_extra(std::string_view name) {
  for (const Extra extra : {Extra::tags, Extra::links, Extra::genome}) {
    if (name == to_string(extra)) return extra;
  }
  throw Error(ErrorCode::invalid_option, fmt::format("There is no extra {}.", quote(name)),
              "Extras are tags, links and genome.");
}

}  // namespace gusto
