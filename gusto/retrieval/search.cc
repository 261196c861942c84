#include "gusto/retrieval/search.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "gusto/base/error.h"
#include "gusto/base/kernels.h"
#include "gusto/base/steps.h"
#include "gusto/models/registry.h"
#include "gusto/retrieval/exact_index.h"
#include "gusto/retrieval/index.h"
#include "gusto/retrieval/selector.h"

namespace gusto {
namespace {

/// Finds lists among the scores of whole rows: for models without vectors.
class RowScan {
 public:
  RowScan(std::span<const PreparedFilter> filters, std::size_t k) : filters_(filters), selector_(k), k_(k) {}

  std::vector<ScoredItem> list(std::span<const float> scores, std::span<const std::uint32_t> seen, std::size_t filter) {
    selector_.begin();
    if (k_ > 0) select(scores, seen, filters_[filter]);
    return selector_.take();
  }

 private:
  void select(std::span<const float> scores, std::span<const std::uint32_t> seen, const PreparedFilter& filter) {
    SeenCursor cursor(filter.exclude_seen() ? seen : std::span<const std::uint32_t>());
    if (filter.picks()) {
      for (const std::uint32_t row : filter.picked()) {
        if (!cursor.contains(row)) selector_.push(scores[row], row);
      }
      return;
    }
    constexpr std::size_t kStretch = 1024;
    found_.resize(kStretch + 64);
    for (std::size_t begin = 0; begin < scores.size(); begin += kStretch) {
      const auto stretch = scores.subspan(begin, std::min(kStretch, scores.size() - begin));
      const std::size_t count = positions_above(stretch, selector_.threshold(), found_.data());
      for (std::size_t f = 0; f < count; ++f) {
        const auto row = static_cast<std::uint32_t>(begin + found_[f]);
        if (!cursor.contains(row) && !filter.banned(row)) selector_.push(scores[row], row);
      }
    }
  }

  std::span<const PreparedFilter> filters_;
  Selector selector_;
  std::size_t k_;
  std::vector<std::uint32_t> found_;
};

using MakeScan = std::function<std::unique_ptr<VectorScan>()>;

/// One thread's working memory for a block of queries.
class BlockSearch {
 public:
  /// make_scan is empty for models without vectors.
  BlockSearch(const Model& model, std::span<const PreparedFilter> filters, std::size_t k, const MakeScan& make_scan)
      : model_(model),
        rows_(filters, k),
        needs_seen_(std::any_of(filters.begin(), filters.end(), [](const auto& f) { return f.exclude_seen(); })) {
    if (make_scan) scan_ = make_scan();
  }

  /// lists[f · n + q] becomes that of queries[q] under filter f.
  void run(std::span<const Query> queries, std::span<std::vector<ScoredItem>> lists) {
    seen_.resize(queries.size());
    for (std::size_t q = 0; q < queries.size() && needs_seen_; ++q) collect_seen(queries[q], seen_[q]);
    const std::size_t width = scan_ ? model_.item_vectors().cols : model_.data().item_count();
    if (numbers_.cols() != width || numbers_.rows() < queries.size()) numbers_ = Matrix<float>(queries.size(), width);
    const MatrixView<float> numbers = numbers_.view().slice(0, queries.size());
    if (scan_) {
      model_.query_vectors(queries, numbers);
      scan_->run(numbers, seen_, lists);
      return;
    }
    model_.score(queries, numbers);
    for (std::size_t l = 0; l < lists.size(); ++l) {
      const std::size_t q = l % queries.size();
      lists[l] = rows_.list(numbers.row(q), seen_[q], l / queries.size());
    }
  }

 private:
  void collect_seen(const Query& query, std::vector<std::uint32_t>& seen) const {
    seen.clear();
    if (query.user) {
      for (const ItemRow item : model_.data().history(*query.user).items) seen.push_back(item.index);
    }
    for (const HistoryEvent& event : query.history) seen.push_back(event.item.index);
    std::sort(seen.begin(), seen.end());
  }

  const Model& model_;
  RowScan rows_;
  bool needs_seen_;
  std::unique_ptr<VectorScan> scan_;
  std::vector<std::vector<std::uint32_t>> seen_;  // per query, ascending
  Matrix<float> numbers_;                         // vectors, or rows of scores
};

/// make_scan is empty for models without vectors.
std::vector<TopLists> search_blocks(const Model& model, std::span<const Query> queries, std::size_t k,
                                    std::span<const PreparedFilter> filters, const MakeScan& make_scan,
                                    Context& context, std::string_view stage = {}) {
  const std::size_t item_count = model.data().item_count();
  const std::size_t block = make_scan ? kScanQueries : scored_queries(item_count);
  std::vector<std::vector<ScoredItem>> lists(filters.size() * queries.size());
  std::vector<std::unique_ptr<BlockSearch>> searches(context.threads());
  std::optional<Steps> steps;
  if (!stage.empty()) steps.emplace(context, stage, queries.size());
  parallel_blocks(context, queries.size(), block, [&](std::size_t begin, std::size_t end, unsigned worker) {
    if (!searches[worker]) searches[worker] = std::make_unique<BlockSearch>(model, filters, k, make_scan);
    // Lists of one block lie together: [block][filter][query].
    searches[worker]->run(queries.subspan(begin, end - begin),
                          std::span(lists).subspan(begin * filters.size(), (end - begin) * filters.size()));
    if (steps) steps->add(end - begin, worker);
  });

  std::vector<TopLists> result(filters.size());
  for (std::size_t begin = 0; begin < queries.size(); begin += block) {
    const std::size_t count = std::min(block, queries.size() - begin);
    for (std::size_t l = 0; l < count * filters.size(); ++l) {
      result[l / count].add(lists[begin * filters.size() + l]);
    }
  }
  return result;
}

}  // namespace

std::size_t scored_queries(std::size_t item_count) {
  constexpr std::size_t kRowScores = std::size_t{1} << 20;
  return std::clamp(kRowScores / std::max<std::size_t>(item_count, 1), std::size_t{1}, kScanQueries);
}

std::vector<TopLists> search(const Model& model, std::span<const Query> queries, std::size_t k,
                             std::span<const SearchFilter> filters, Context& context, std::string_view stage) {
  const std::size_t item_count = model.data().item_count();
  k = std::min(k, item_count);
  std::vector<PreparedFilter> prepared;
  prepared.reserve(filters.size());
  for (const SearchFilter& filter : filters) prepared.emplace_back(filter, item_count, model.unranked_items());
  MakeScan make_scan;
  if (model.info().abilities.item_vectors) {
    make_scan = [&] { return exact_scan(PanelSource(model.item_vectors()), prepared, k); };
  }
  return search_blocks(model, queries, k, prepared, make_scan, context, stage);
}

TopLists search(const Model& model, const Index& index, std::span<const Query> queries, std::size_t k,
                const SearchFilter& filter, Context& context) {
  if (!index.belongs_to(model))
    throw Error(ErrorCode::internal, "An index was asked for a model that it was not made of.");
  const std::size_t item_count = model.data().item_count();
  k = std::min(k, item_count);
  const PreparedFilter prepared(filter, item_count, model.unranked_items());
  MakeScan make_scan;
  if (model.info().abilities.item_vectors) make_scan = [&] { return index.scan(prepared, k); };
  return std::move(search_blocks(model, queries, k, {&prepared, 1}, make_scan, context).front());
}

TopLists search(const Model& model, std::span<const Query> queries, std::size_t k, const SearchFilter& filter,
                Context& context) {
  return std::move(search(model, queries, k, {&filter, 1}, context).front());
}

std::vector<ScoredItem> top_k(std::span<const float> scores, std::size_t k) {
  Selector selector(std::min(k, scores.size()));
  selector.begin();
  std::vector<std::uint32_t> found(scores.size() + 64);
  const std::size_t count = k == 0 ? 0 : positions_above(scores, -std::numeric_limits<float>::infinity(), found.data());
  for (std::size_t f = 0; f < count; ++f) selector.push(scores[found[f]], found[f]);
  return selector.take();
}

}  // namespace gusto
