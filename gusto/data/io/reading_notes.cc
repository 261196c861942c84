#include "gusto/data/io/reading_notes.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/text.h"
#include "gusto/data/io/column_sample.h"

namespace gusto {
namespace {

// What events of a kind may weigh, by a part of its name: where to begin, not more.
int weight_to_begin_with(std::string_view kind) {
  constexpr std::array<std::pair<std::string_view, int>, 8> kWeights{{{"buy", 8},
                                                                      {"purchase", 8},
                                                                      {"order", 8},
                                                                      {"transaction", 8},
                                                                      {"cart", 3},
                                                                      {"basket", 3},
                                                                      {"fav", 3},
                                                                      {"like", 3}}};
  const std::string name = to_lower(kind);
  for (const auto& [part, weight] : kWeights) {
    if (name.find(part) != std::string::npos) return weight;
  }
  return 1;
}

}  // namespace

std::optional<std::string> note_kinds(std::string_view column, const KindCounts& kinds) {
  std::vector<std::string> met, weights;
  for (const auto& [kind, count] : kinds.counts) {
    if (kind.empty()) continue;
    met.push_back(fmt::format("{} {}", kind, format_count(count)));
    weights.push_back(fmt::format("{}={}", kind, weight_to_begin_with(kind)));
  }
  if (met.empty()) return std::nullopt;
  if (kinds.counts.size() == KindCounts::kMost) {
    return fmt::format("The column {} tells many kinds of events apart, and all of them count alike.", quote(column));
  }
  return fmt::format(
      "The column {} tells kinds of events apart, and all of them count alike: {}. Weigh them with the option "
      "`weights`, such as {}.",
      quote(column), join(met, ", "), join(weights, ","));
}

std::optional<std::string> note_times(std::int64_t first, std::int64_t last) {
  const PlausibleTimes plausible;
  if (plausible.contain(first) && plausible.contain(last)) return std::nullopt;
  return fmt::format(
      "Times lie between {} and {} (UTC), {}. If they are not meant so, the option `time_unit` says how they are "
      "written.",
      format_time(first), format_time(last), plausible.contain(first) ? "in the future" : "some of them before 1990");
}

std::optional<std::string> note_spanning(std::string_view file, std::uint64_t records, std::uint64_t quoted,
                                         std::uint64_t spanning, std::uint64_t first_line) {
  if (spanning == 0 || 2 * quoted > records) return std::nullopt;
  return fmt::format(
      "Quoted fields of {} that go on over several lines: {}, the first on line {}. If its quotation marks are text, "
      "set "
      "the option `quote` to none.",
      file, format_count(spanning), first_line);
}

std::optional<std::string> note_similar_ids(std::string_view what, const Vocabulary& ids) {
  std::uint64_t count = 0;
  std::string example;
  for (std::uint32_t row = 0; row < ids.size(); ++row) {
    const std::string_view id = ids[row];
    if (!id.ends_with(".0") || !ids.find(id.substr(0, id.size() - 2))) continue;
    if (count++ == 0) example = id;
  }
  if (count == 0) return std::nullopt;
  return fmt::format(
      "Ids of {} that are others with .0 behind them: {}, such as {} and {}. Each is an id of its own; "
      "write them in one way if they mean the same.",
      what, format_count(count), example.substr(0, example.size() - 2), example);
}

}  // namespace gusto
