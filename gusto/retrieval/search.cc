#include "gusto/retrieval/search.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/kernels.h"
#include "gusto/base/linalg.h"
#include "gusto/models/registry.h"

namespace gusto {
namespace {

// A tile of scores is this many queries by this many items, 256 KiB: it stays in the second-level cache between the
// product that fills it and the scan that reads it.
constexpr std::size_t kTileQueries = 64;
constexpr std::size_t kTileItems = 1024;

// Models without vectors fill whole rows; so many queries at a time that the rows stay within this many scores.
constexpr std::size_t kRowScores = std::size_t{1} << 20;

constexpr float kFiltered = -std::numeric_limits<float>::infinity();

/// Score and row in one number that sorts as lists do: higher scores first, then lower rows.
std::uint64_t sort_key(float score, std::size_t row) {
  const auto bits = std::bit_cast<std::uint32_t>(score + 0.0F);  // −0 becomes 0
  const std::uint32_t ordered = bits ^ ((bits >> 31) != 0 ? 0xffffffffU : 0x80000000U);
  return std::uint64_t{ordered} << 32 | (0xffffffffU - static_cast<std::uint32_t>(row));
}

ScoredItem from_key(std::uint64_t key) {
  const auto ordered = static_cast<std::uint32_t>(key >> 32);
  const std::uint32_t bits = ordered ^ ((ordered >> 31) != 0 ? 0x80000000U : 0xffffffffU);
  return {ItemRow(0xffffffffU - static_cast<std::uint32_t>(key)), std::bit_cast<float>(bits)};
}

/// Keeps the k best of scores that arrive in order of item rows. Since later rows lose ties, only scores above the k-th
/// best so far need a look.
class Selector {
 public:
  explicit Selector(std::size_t k) : k_(k) {}

  void begin() {
    keys_.clear();
    threshold_ = kFiltered;
  }

  /// Offers scores of the items first, first + 1, …; −infinity never gets in.
  void offer(std::span<const float> scores, std::size_t first) {
    if (k_ == 0) return;
    found_.resize(scores.size() + 64);
    const std::size_t count = positions_above(scores, threshold_, found_.data());
    for (std::size_t f = 0; f < count; ++f) push(scores[found_[f]], first + found_[f]);
  }

  void offer(float score, std::size_t row) {
    if (k_ > 0 && score > threshold_) push(score, row);
  }

  std::vector<ScoredItem> take() {
    shrink();
    std::sort(keys_.begin(), keys_.end(), std::greater<>());
    std::vector<ScoredItem> best(keys_.size());
    std::transform(keys_.begin(), keys_.end(), best.begin(), from_key);
    return best;
  }

 private:
  void push(float score, std::size_t row) {
    if (score <= threshold_) return;  // raised since the scan
    keys_.push_back(sort_key(score, row));
    if (keys_.size() >= 2 * k_ + kSlack) shrink();
  }

  void shrink() {
    if (keys_.size() <= k_) return;
    const auto last = keys_.begin() + static_cast<std::ptrdiff_t>(k_) - 1;
    std::nth_element(keys_.begin(), last, keys_.end(), std::greater<>());
    threshold_ = from_key(*last).score;
    keys_.resize(k_);
  }

  static constexpr std::size_t kSlack = 64;

  std::size_t k_;
  float threshold_ = kFiltered;
  std::vector<std::uint64_t> keys_;
  std::vector<std::uint32_t> found_;
};

/// A filter made ready for scanning: short lists of allowed items are looked up one by one, long ones turned into the
/// list of what they leave out.
struct PreparedFilter {
  bool exclude_seen;
  bool pick;                          // only `picked` may appear
  std::vector<std::uint32_t> picked;  // ascending
  std::vector<std::uint32_t> banned;  // ascending

  PreparedFilter(const SearchFilter& filter, std::size_t item_count)
      : exclude_seen(filter.exclude_seen), pick(!filter.allowed.empty() && filter.allowed.size() <= item_count / 2) {
    std::vector<bool> open(item_count, filter.allowed.empty());
    for (const ItemRow item : filter.allowed) open[checked(item, item_count)] = true;
    for (const ItemRow item : filter.denied) open[checked(item, item_count)] = false;
    for (std::uint32_t row = 0; row < item_count; ++row) {
      if (pick && open[row]) picked.push_back(row);
      if (!pick && !open[row]) banned.push_back(row);
    }
  }

  static std::uint32_t checked(ItemRow item, std::size_t item_count) {
    if (item.index < item_count) return item.index;
    throw Error(ErrorCode::invalid_input,
                fmt::format("A filter names item row {}, and there are {} items.", item.index, item_count));
  }
};

/// The part of an ascending list that lies in [begin, end).
std::span<const std::uint32_t> part(const std::vector<std::uint32_t>& rows, std::size_t begin, std::size_t end) {
  const auto first = std::lower_bound(rows.begin(), rows.end(), begin);
  return {first, std::lower_bound(first, rows.end(), end)};
}

/// One thread's working memory for a block of queries.
class BlockSearch {
 public:
  BlockSearch(const Model& model, std::span<const PreparedFilter> filters, std::size_t k)
      : model_(model),
        filters_(filters),
        selectors_(filters.size() * kTileQueries, Selector(k)),
        needs_seen_(std::any_of(filters.begin(), filters.end(), [](const auto& f) { return f.exclude_seen; })) {}

  /// Writes the lists of queries[q] under filter f to out(f, q).
  template <class Out>
  void run(std::span<const Query> queries, const Out& out) {
    for (Selector& selector : selectors_) selector.begin();
    if (needs_seen_) collect_seen(queries);
    if (model_.info().abilities.item_vectors) {
      scan_products(queries);
    } else {
      scan_rows(queries);
    }
    for (std::size_t f = 0; f < filters_.size(); ++f) {
      for (std::size_t q = 0; q < queries.size(); ++q) out(f, q) = selector(f, q).take();
    }
  }

 private:
  Selector& selector(std::size_t filter, std::size_t query) { return selectors_[filter * kTileQueries + query]; }

  void collect_seen(std::span<const Query> queries) {
    seen_.resize(std::max(seen_.size(), queries.size()));
    for (std::size_t q = 0; q < queries.size(); ++q) {
      std::vector<std::uint32_t>& seen = seen_[q];
      seen.clear();
      if (queries[q].user) {
        for (const ItemRow item : model_.data().history(*queries[q].user).items) seen.push_back(item.index);
      }
      for (const HistoryEvent& event : queries[q].history) seen.push_back(event.item.index);
      std::sort(seen.begin(), seen.end());
    }
  }

  void scan_products(std::span<const Query> queries) {
    const MatrixView<const float> items = model_.item_vectors();
    if (vectors_.cols() != items.cols) vectors_ = Matrix<float>(kTileQueries, items.cols);
    if (tile_.empty()) tile_ = Matrix<float>(kTileQueries, kTileItems);
    const MatrixView<float> vectors = vectors_.view().slice(0, queries.size());
    model_.query_vectors(queries, vectors);
    for (std::size_t begin = 0; begin < items.rows; begin += kTileItems) {
      const std::size_t end = std::min(items.rows, begin + kTileItems);
      const MatrixView<float> tile(tile_.values().data(), queries.size(), end - begin, kTileItems);
      gemm(Transpose::no, Transpose::yes, 1, vectors, items.slice(begin, end), 0, tile);
      offer(tile, begin);
    }
  }

  void scan_rows(std::span<const Query> queries) {
    const std::size_t item_count = model_.data().item_count();
    if (rows_.cols() != item_count || rows_.rows() < queries.size()) rows_ = Matrix<float>(queries.size(), item_count);
    const MatrixView<float> rows = rows_.view().slice(0, queries.size());
    model_.score(queries, rows);
    offer(rows, 0);
  }

  void offer(MatrixView<float> scores, std::size_t begin) {
    const std::size_t end = begin + scores.cols;
    for (std::size_t f = 0; f < filters_.size(); ++f) {
      const PreparedFilter& filter = filters_[f];
      const std::span<const std::uint32_t> banned = part(filter.banned, begin, end);
      const std::span<const std::uint32_t> picked = part(filter.picked, begin, end);
      for (std::size_t q = 0; q < scores.rows; ++q) {
        const std::span<float> row = scores.row(q);
        hidden_.clear();
        for (const std::uint32_t item : banned) hide(row, item - begin);
        if (filter.exclude_seen) {
          for (const std::uint32_t item : part(seen_[q], begin, end)) hide(row, item - begin);
        }
        if (filter.pick) {
          for (const std::uint32_t item : picked) selector(f, q).offer(row[item - begin], item);
        } else {
          selector(f, q).offer(row, begin);
        }
        // In reverse, so that an item hidden twice gets its score back.
        for (auto it = hidden_.rbegin(); it != hidden_.rend(); ++it) row[it->first] = it->second;
      }
    }
  }

  void hide(std::span<float> row, std::size_t position) {
    hidden_.emplace_back(position, row[position]);
    row[position] = kFiltered;
  }

  const Model& model_;
  std::span<const PreparedFilter> filters_;
  std::vector<Selector> selectors_;  // [filters × kTileQueries]
  bool needs_seen_;
  std::vector<std::vector<std::uint32_t>> seen_;  // per query, ascending
  std::vector<std::pair<std::size_t, float>> hidden_;
  Matrix<float> vectors_;
  Matrix<float> tile_;
  Matrix<float> rows_;
};

TopLists join(std::vector<std::vector<ScoredItem>>& lists) {
  TopLists joined;
  for (std::vector<ScoredItem>& list : lists) {
    joined.entries.insert(joined.entries.end(), list.begin(), list.end());
    joined.offsets.push_back(joined.entries.size());
    std::vector<ScoredItem>().swap(list);
  }
  return joined;
}

}  // namespace

std::vector<TopLists> search(const Model& model, std::span<const Query> queries, std::size_t k,
                             std::span<const SearchFilter> filters, Context& context) {
  const std::size_t item_count = model.data().item_count();
  k = std::min(k, item_count);
  std::vector<PreparedFilter> prepared;
  prepared.reserve(filters.size());
  for (const SearchFilter& filter : filters) prepared.emplace_back(filter, item_count);

  const std::size_t block =
      model.info().abilities.item_vectors
          ? kTileQueries
          : std::clamp(kRowScores / std::max<std::size_t>(item_count, 1), std::size_t{1}, kTileQueries);
  std::vector<std::vector<std::vector<ScoredItem>>> lists(filters.size());
  for (auto& of_filter : lists) of_filter.resize(queries.size());
  std::vector<std::unique_ptr<BlockSearch>> searches(context.threads());
  parallel_blocks(context, queries.size(), block, [&](std::size_t begin, std::size_t end, unsigned worker) {
    if (!searches[worker]) searches[worker] = std::make_unique<BlockSearch>(model, prepared, k);
    searches[worker]->run(
        queries.subspan(begin, end - begin), [&](std::size_t f, std::size_t q) -> auto& {
          return lists[f][begin + q];
        });
  });

  std::vector<TopLists> result;
  for (auto& of_filter : lists) result.push_back(join(of_filter));
  return result;
}

TopLists search(const Model& model, std::span<const Query> queries, std::size_t k, const SearchFilter& filter,
                Context& context) {
  return std::move(search(model, queries, k, {&filter, 1}, context).front());
}

std::vector<ScoredItem> top_k(std::span<const float> scores, std::size_t k) {
  Selector selector(std::min(k, scores.size()));
  selector.begin();
  selector.offer(scores, 0);
  return selector.take();
}

}  // namespace gusto
