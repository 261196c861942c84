#include "gusto/retrieval/hnsw_index.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "gusto/retrieval/selector.h"
#include "gusto/retrieval/walk_kernels.h"

namespace gusto {
namespace {

// A walk reads items in no order, one by one: beyond this share of them a scan of all is faster.
constexpr std::size_t kGiveUpShare = 4;

/// Rows that were met, forgotten all at once.
class Marks {
 public:
  explicit Marks(std::size_t rows) : marks_(rows) {}

  void clear() {
    if (++now_ != 0) return;
    std::fill(marks_.begin(), marks_.end(), 0U);
    now_ = 1;
  }
  /// Whether the row is new.
  bool add(std::uint32_t row) { return std::exchange(marks_[row], now_) != now_; }
  bool holds(std::uint32_t row) const { return marks_[row] == now_; }

 private:
  std::vector<std::uint32_t> marks_;
  std::uint32_t now_ = 0;
};

class HnswScan final : public VectorScan {
 public:
  HnswScan(MatrixView<const float> items, const HnswGraph& graph, const PreparedFilter& filter, std::size_t k,
           std::size_t width)
      : items_(items),
        graph_(graph),
        filter_(filter),
        k_(k),
        width_(std::max(width, k)),
        met_(items.rows),
        seen_(items.rows),
        best_(k) {}

  void run(MatrixView<const float> queries, std::span<const std::vector<std::uint32_t>> seen,
           std::span<std::vector<ScoredItem>> lists) override {
    for (std::size_t q = 0; q < queries.rows && k_ > 0; ++q) {
      const auto one_seen = seen.empty() ? seen : seen.subspan(q, 1);
      if (walk(queries.row(q).data(), one_seen)) {
        lists[q] = best_of_found(queries.slice(q, q + 1));
        continue;
      }
      if (!exact_) exact_ = exact_scan(PanelSource(items_), {&filter_, 1}, k_);
      exact_->run(queries.slice(q, q + 1), one_seen, lists.subspan(q, 1));
    }
  }

 private:
  using Scored = std::pair<float, std::uint32_t>;

  /// Collects the best items that it meets in found_; false if they may be too few.
  bool walk(const float* query, std::span<const std::vector<std::uint32_t>> seen) {
    seen_.clear();
    if (filter_.exclude_seen() && !seen.empty()) {
      for (const std::uint32_t row : seen[0]) seen_.add(row);
    }
    met_.clear();
    const Scored start = descend(query);
    require_finite_score(start.first, start.second);
    std::size_t met_count = 1;
    met_.add(start.second);
    open_.assign(1, start);
    found_.clear();
    if (allowed(start.second)) found_.push_back(start);
    while (!open_.empty()) {
      std::pop_heap(open_.begin(), open_.end());
      const Scored next = open_.back();
      open_.pop_back();
      if (found_.size() == width_ && next.first < found_.front().first) break;
      neighbors_.clear();
      for (const std::uint32_t row : graph_.levels[0].of(next.second)) {
        if (met_.add(row)) neighbors_.push_back(row);
      }
      met_count += neighbors_.size();
      if (met_count > items_.rows / kGiveUpShare && met_count > 2 * width_) return false;
      products_.resize(neighbors_.size());
      row_products(items_, neighbors_, query, products_.data());
      for (std::size_t n = 0; n < neighbors_.size(); ++n) collect({products_[n], neighbors_[n]});
    }
    return found_.size() >= k_;
  }

  /// The item nearest to the query that a walk through the upper levels comes to, always to the best neighbor.
  Scored descend(const float* query) {
    Scored best{0, graph_.entry};
    row_products(items_, {&best.second, 1}, query, &best.first);
    for (std::size_t level = graph_.levels.size(); level-- > 1;) {
      for (bool moved = true; moved;) {
        moved = false;
        const std::span<const std::uint32_t> neighbors = graph_.levels[level].of(best.second);
        products_.resize(neighbors.size());
        row_products(items_, neighbors, query, products_.data());
        for (std::size_t n = 0; n < neighbors.size(); ++n) {
          if (products_[n] > best.first) {
            best = {products_[n], neighbors[n]};
            moved = true;
          }
        }
      }
    }
    return best;
  }

  bool allowed(std::uint32_t row) const { return !seen_.holds(row) && !filter_.banned(row); }

  // found_ is a heap with its worst item in front, open_ one with its best.
  void collect(const Scored& item) {
    require_finite_score(item.first, item.second);
    if (found_.size() == width_ && item.first <= found_.front().first) return;
    open_.push_back(item);
    std::push_heap(open_.begin(), open_.end());
    if (!allowed(item.second)) return;
    found_.push_back(item);
    std::push_heap(found_.begin(), found_.end(), std::greater<>());
    if (found_.size() <= width_) return;
    std::pop_heap(found_.begin(), found_.end(), std::greater<>());
    found_.pop_back();
  }

  std::vector<ScoredItem> best_of_found(MatrixView<const float> query) {
    const auto end = found_.begin() + static_cast<std::ptrdiff_t>(k_);
    std::nth_element(found_.begin(), end - 1, found_.end(), std::greater<>());
    rows_.clear();
    for (auto it = found_.begin(); it != end; ++it) rows_.push_back(it->second);
    std::sort(rows_.begin(), rows_.end());
    best_.begin();
    score_rows(PanelSource(items_), rows_, query, best_);
    return best_.take();
  }

  MatrixView<const float> items_;
  const HnswGraph& graph_;
  const PreparedFilter& filter_;
  std::size_t k_;
  std::size_t width_;
  Marks met_;
  Marks seen_;
  Selector best_;
  std::vector<Scored> open_;
  std::vector<Scored> found_;
  std::vector<std::uint32_t> neighbors_;
  std::vector<std::uint32_t> rows_;
  std::vector<float> products_;
  std::unique_ptr<VectorScan> exact_;
};

}  // namespace

HnswIndex::HnswIndex(MatrixView<const float> items, HnswGraph graph, std::size_t width)
    : items_(items), graph_(std::move(graph)), width_(width) {}

std::unique_ptr<VectorScan> HnswIndex::scan(const PreparedFilter& filter, std::size_t k) const {
  if (filter.picks() || graph_.levels.empty()) return exact_scan(PanelSource(items_), {&filter, 1}, k);
  return std::make_unique<HnswScan>(items_, graph_, filter, k, width_);
}

}  // namespace gusto
