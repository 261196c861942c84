// The one file that knows hnswlib, which builds the graph. It starts no threads, and gusto reads nothing that it
// stores.

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include <fmt/core.h>

// Inner products are gusto's own kernel, chosen for the processor at run time; hnswlib would choose as it is compiled.
#define NO_MANUAL_VECTORIZATION
#include <hnswlib/hnswlib.h>

#include "gusto/base/error.h"
#include "gusto/base/kernels.h"
#include "gusto/retrieval/hnsw_graph.h"

namespace gusto {
namespace {

constexpr std::size_t kInsertsBetweenChecks = 128;

/// Distance 1 − x·y, as hnswlib has it.
class InnerProductSpace final : public hnswlib::SpaceInterface<float> {
 public:
  explicit InnerProductSpace(std::size_t width) : width_(width) {}
  std::size_t get_data_size() override { return width_ * sizeof(float); }
  hnswlib::DISTFUNC<float> get_dist_func() override { return &distance; }
  void* get_dist_func_param() override { return &width_; }

 private:
  static float distance(const void* a, const void* b, const void* width) {
    const std::size_t n = *static_cast<const std::size_t*>(width);
    return 1.0F - dot({static_cast<const float*>(a), n}, {static_cast<const float*>(b), n});
  }
  std::size_t width_;
};

using Builder = hnswlib::HierarchicalNSW<float>;

HnswGraph take_links(const Builder& builder, std::size_t items) {
  HnswGraph graph;
  graph.entry = builder.enterpoint_node_;
  graph.levels.resize(static_cast<std::size_t>(builder.maxlevel_) + 1);
  for (std::size_t level = 0; level < graph.levels.size(); ++level) {
    HnswGraph::Level& links = graph.levels[level];
    links.offsets.push_back(0);
    for (std::uint32_t item = 0; item < items; ++item) {
      if (builder.element_levels_[item] < static_cast<int>(level)) continue;
      if (level > 0) links.rows.push_back(item);
      hnswlib::linklistsizeint* list = builder.get_linklist_at_level(item, static_cast<int>(level));
      const auto* first = static_cast<const hnswlib::tableint*>(list + 1);
      links.neighbors.insert(links.neighbors.end(), first, first + builder.getListCount(list));
      links.offsets.push_back(links.neighbors.size());
    }
  }
  return graph;
}

}  // namespace

HnswGraph build_hnsw(MatrixView<const float> items, const HnswOptions& options, std::uint64_t seed, Context& context) {
  for (std::size_t i = 0; i < items.rows; ++i) {
    if (std::all_of(items.row(i).begin(), items.row(i).end(), [](float x) { return std::isfinite(x); })) continue;
    throw Error(ErrorCode::not_finite, fmt::format("The vector of item row {} holds a number that is not finite.", i),
                "Train the model again; its learning may have diverged.");
  }
  HnswGraph graph;
  if (items.rows == 0) return graph;
  constexpr std::uint64_t kLockBytes = 128;  // locks, labels and marks of hnswlib
  context.require_memory("hnsw", items.rows * (items.cols * sizeof(float) + 12 * options.links * 2 + kLockBytes));
  InnerProductSpace space(items.cols);
  Builder builder(&space, items.rows, options.links, options.build_width, seed);
  for (std::size_t i = 0; i < items.rows; ++i) {
    if (i % kInsertsBetweenChecks == 0) {
      context.check_canceled();
      context.progress("hnsw", i, items.rows);
    }
    builder.addPoint(items.row(i).data(), i);
  }
  return take_links(builder, items.rows);
}

}  // namespace gusto
