#include "gusto/retrieval/hnsw_graph.h"

#include <algorithm>
#include <functional>
#include <string>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/tensor_file.h"

namespace gusto {
namespace {

// Levels thin out by a factor of at least two: there are fewer than bits in a row number.
constexpr std::size_t kMostGraphLevels = 64;

std::string rows_name(std::size_t level) { return fmt::format("index/rows_{}", level); }
std::string offsets_name(std::size_t level) { return fmt::format("index/offsets_{}", level); }
std::string neighbors_name(std::size_t level) { return fmt::format("index/neighbours_{}", level); }

[[noreturn]] void corrupt(const TensorFile& in, std::string_view what) {
  throw Error(ErrorCode::corrupt_file, fmt::format("{} cannot be used: {}.", in.name(), what),
              "The file is damaged or was not written by gusto; make the index again.");
}

void require_rows(const TensorFile& in, std::span<const std::uint32_t> rows, std::size_t items) {
  for (const std::uint32_t row : rows) {
    if (row >= items) corrupt(in, fmt::format("its index names item row {}, and there are {} items", row, items));
  }
}

HnswGraph::Level load_level(const TensorFile& in, std::size_t level, std::size_t items) {
  const auto copy = [&](const std::string& name) {
    const auto found = in.values<std::uint32_t>(name);
    return std::vector<std::uint32_t>(found.begin(), found.end());
  };
  HnswGraph::Level links;
  links.rows = copy(rows_name(level));
  links.neighbors = copy(neighbors_name(level));
  if (links.rows.empty() != (level == 0)) corrupt(in, fmt::format("level {} of its index has other items", level));
  links.offsets = in.vector<std::uint64_t>(offsets_name(level), (level == 0 ? items : links.rows.size()) + 1);
  if (links.offsets.front() != 0 || links.offsets.back() != links.neighbors.size() ||
      !std::is_sorted(links.offsets.begin(), links.offsets.end()) ||
      std::adjacent_find(links.rows.begin(), links.rows.end(), std::greater_equal<>()) != links.rows.end()) {
    corrupt(in, fmt::format("level {} of its index is not in order", level));
  }
  require_rows(in, links.rows, items);
  require_rows(in, links.neighbors, items);
  return links;
}

}  // namespace

std::span<const std::uint32_t> HnswGraph::Level::of(std::uint32_t row) const {
  std::size_t place = row;
  if (!rows.empty()) {
    const auto found = std::lower_bound(rows.begin(), rows.end(), row);
    if (found == rows.end() || *found != row) return {};
    place = static_cast<std::size_t>(found - rows.begin());
  }
  return std::span(neighbors).subspan(offsets[place], offsets[place + 1] - offsets[place]);
}

std::uint64_t HnswGraph::bytes() const {
  std::uint64_t sum = 0;
  for (const Level& level : levels) sum += 4 * (level.rows.size() + level.neighbors.size()) + 8 * level.offsets.size();
  return sum;
}

void HnswGraph::save(TensorWriter& out) const {
  out.add("index/entry", std::vector<std::uint32_t>{entry});
  for (std::size_t level = 0; level < levels.size(); ++level) {
    out.add(rows_name(level), levels[level].rows);
    out.add(offsets_name(level), levels[level].offsets);
    out.add(neighbors_name(level), levels[level].neighbors);
  }
}

HnswGraph HnswGraph::load(const TensorFile& in, std::size_t items) {
  HnswGraph graph;
  graph.entry = in.vector<std::uint32_t>("index/entry", 1).front();
  require_rows(in, {&graph.entry, 1}, items);
  while (in.has(offsets_name(graph.levels.size()))) {
    if (graph.levels.size() == kMostGraphLevels) corrupt(in, "its index has too many levels");
    graph.levels.push_back(load_level(in, graph.levels.size(), items));
  }
  if (graph.levels.empty()) corrupt(in, "its index has no levels");
  return graph;
}

}  // namespace gusto
