#pragma once

/// What the neighbor models share: how similar two rows are, and lists of the nearest.
///
/// Rows are what is compared: items by the users who met them (item-knn), or users by the items they met (user-knn).
/// The other side are columns. Of rows a and b, C is the set of columns where both have an event, and every sum over C
/// is taken sparsely: for each column of a, for each row of that column, add to that row's cell.
///
/// Ratings and likes, with x centered values, n_ab = |C|:
///   cosine           Σ_C x_a x_b / √(Σ x_a² · Σ x_b²), the norms over all of a row's events: a missing value counts as
///                    the expected one, so that a short overlap weighs little without further shrinkage
///   pearson          Σ_C x_a x_b / √(Σ_C x_a² · Σ_C x_b²): the correlation around baselines (Koren, TKDD 2010, §3)
///   adjusted-cosine  the same formula, where x is centered by the mean of the column (Sarwar et al., WWW 2001)
///   jaccard          |C| / (n_a + n_b − |C|)
///   euclidean        1 / (1 + √(Σ_C (x_a − x_b)² / |C|))
/// For all but adjusted-cosine, x is the value less its baseline.
///
/// Top-n, with events as ones and all else as zeros, column c voting with weight w_c; n_ab = Σ_C w_c, n_a = Σ_{c∈a}
/// w_c, N = Σ w_c, and m_c the share of all rows that column c has an event with:
///   cosine           n_ab / √(n_a n_b)
///   pearson          (n_ab − n_a n_b / N) / √(n_a (1 − n_a/N) · n_b (1 − n_b/N))
///   adjusted-cosine  Σ_c w_c (x_ac − m_c)(x_bc − m_c) over its norms; with A_a = Σ_{c∈a} w_c m_c and M = Σ w_c m_c²:
///                    (n_ab − A_a − A_b + M) / √((n_a − 2A_a + M)(n_b − 2A_b + M))
///   jaccard          n_ab / (n_a + n_b − n_ab)
///   euclidean        1 / (1 + √(n_a + n_b − 2 n_ab))
/// Where events differ in strength s, item-knn takes n_ab = Σ_C w_c min(s_ac, s_bc) and n_a = Σ w_c s_ac, as of fuzzy
/// sets.
///
/// Where C is empty, or a norm is zero, the similarity is 0. Every similarity s is then shrunk toward 0 where the
/// overlap is small: s · n_ab / (n_ab + shrinkage).
///
/// Threads  everything here may be used concurrently

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "gusto/base/tensor_file.h"
#include "gusto/models/shared/sparse_rows.h"

namespace gusto {

enum class Similarity { cosine, pearson, adjusted_cosine, jaccard, euclidean };
inline constexpr std::array<std::string_view, 5> kSimilarityNames{"cosine", "pearson", "adjusted-cosine", "jaccard",
                                                                  "euclidean"};

/// Sums over all of one row's events.
struct RowSums {
  float n = 0;      ///< events, or their columns' weights
  float xx = 0;     ///< Σ x²; of values only
  float share = 0;  ///< Σ w_c m_c; of choices only
};
/// Sums over all columns, of choices.
struct ColumnSums {
  float n = 0;      ///< Σ w_c
  float share = 0;  ///< Σ w_c m_c²
};

namespace detail {
/// A cosine; rounding is kept from pushing it beyond 1.
inline float over_root(float dot, float norm_product) {
  return norm_product > 0 ? std::clamp(dot / std::sqrt(norm_product), -1.0F, 1.0F) : 0.0F;
}
/// What rounding leaves of a variance that is zero counts as zero.
inline float variance(float value, float scale) { return value > 1e-5F * scale ? value : 0.0F; }
}  // namespace detail

/// The similarity of rows of centered values. A cell gathers the sums over C that the measure needs, as few as it can,
/// so that the cells of a row of thousands stay in the first-level cache.
template <Similarity kind>
struct ValueMeasure {
  static constexpr bool kValues = true;
  struct DotCell {
    float n = 0, xy = 0;
  };
  struct NormCell {
    float n = 0, xy = 0, xx = 0, yy = 0;
  };
  static constexpr bool kNorms = kind == Similarity::pearson || kind == Similarity::adjusted_cosine;
  using Cell = std::conditional_t<kNorms, NormCell, DotCell>;

  static void add(Cell& cell, float x, float y) {
    cell.n += 1;
    cell.xy += kind == Similarity::euclidean ? (x - y) * (x - y) : x * y;
    if constexpr (kNorms) {
      cell.xx += x * x;
      cell.yy += y * y;
    }
  }
  float similarity(const Cell& cell, const RowSums& a, const RowSums& b) const {
    if constexpr (kind == Similarity::cosine) return detail::over_root(cell.xy, a.xx * b.xx);
    if constexpr (kNorms) return detail::over_root(cell.xy, cell.xx * cell.yy);
    if constexpr (kind == Similarity::jaccard) return cell.n / (a.n + b.n - cell.n);
    if constexpr (kind == Similarity::euclidean) return 1 / (1 + std::sqrt(cell.xy / cell.n));
  }
};

/// The similarity of rows of choices, from n_ab alone.
template <Similarity kind>
struct ChoiceMeasure {
  static constexpr bool kValues = false;
  struct Cell {
    float n = 0;
  };
  ColumnSums all;

  static void add(Cell& cell, float weight) { cell.n += weight; }
  float similarity(const Cell& cell, const RowSums& a, const RowSums& b) const {
    if constexpr (kind == Similarity::cosine) return detail::over_root(cell.n, a.n * b.n);
    if constexpr (kind == Similarity::pearson) {
      const auto variance_of = [this](float n) { return detail::variance(n - n * (n / all.n), n); };
      return detail::over_root(cell.n - a.n * (b.n / all.n), variance_of(a.n) * variance_of(b.n));
    }
    if constexpr (kind == Similarity::adjusted_cosine) {
      const auto variance_of = [this](const RowSums& row) {
        return detail::variance(row.n - 2 * row.share + all.share, row.n + all.share);
      };
      return detail::over_root(cell.n - a.share - b.share + all.share, variance_of(a) * variance_of(b));
    }
    if constexpr (kind == Similarity::jaccard) return cell.n / (a.n + b.n - cell.n);
    if constexpr (kind == Similarity::euclidean) return 1 / (1 + std::sqrt(std::max(0.0F, a.n + b.n - 2 * cell.n)));
  }
};

/// Calls body with the ValueMeasure, or the ChoiceMeasure, of that kind.
template <class Body>
decltype(auto) with_value_measure(Similarity kind, const Body& body) {
  switch (kind) {
    case Similarity::pearson: return body(ValueMeasure<Similarity::pearson>{});
    case Similarity::adjusted_cosine: return body(ValueMeasure<Similarity::adjusted_cosine>{});
    case Similarity::jaccard: return body(ValueMeasure<Similarity::jaccard>{});
    case Similarity::euclidean: return body(ValueMeasure<Similarity::euclidean>{});
    case Similarity::cosine: break;
  }
  return body(ValueMeasure<Similarity::cosine>{});
}
template <class Body>
decltype(auto) with_choice_measure(Similarity kind, const ColumnSums& all, const Body& body) {
  switch (kind) {
    case Similarity::pearson: return body(ChoiceMeasure<Similarity::pearson>{all});
    case Similarity::adjusted_cosine: return body(ChoiceMeasure<Similarity::adjusted_cosine>{all});
    case Similarity::jaccard: return body(ChoiceMeasure<Similarity::jaccard>{all});
    case Similarity::euclidean: return body(ChoiceMeasure<Similarity::euclidean>{all});
    case Similarity::cosine: break;
  }
  return body(ChoiceMeasure<Similarity::cosine>{all});
}

/// Adds what one column's rows have in common with a row whose entry in that column is x (of choices: the column's
/// weight). `values` is parallel to `rows`, and empty for choices.
template <class Measure, class RowType>
void add_column(const Measure&, float x, std::span<const RowType> rows, std::span<const float> values,
                std::span<typename Measure::Cell> cells) {
  for (std::size_t m = 0; m < rows.size(); ++m) {
    if constexpr (Measure::kValues) {
      Measure::add(cells[rows[m].index], x, values[m]);
    } else {
      Measure::add(cells[rows[m].index], x);
    }
  }
}

/// s · n / (n + shrinkage).
inline float shrunk(float similarity, float n, float shrinkage) { return similarity * (n / (n + shrinkage)); }

/// A positive similarity and a row in one number whose order is: higher similarity first, equal ones by lower row.
constexpr std::uint64_t rank_key(float similarity, std::uint32_t row) {
  return std::uint64_t{std::bit_cast<std::uint32_t>(similarity)} << 32 | static_cast<std::uint32_t>(~row);
}
constexpr float key_similarity(std::uint64_t key) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(key >> 32));
}
constexpr std::uint32_t key_row(std::uint64_t key) { return ~static_cast<std::uint32_t>(key); }

/// Leaves the k highest keys, highest first.
void keep_nearest(std::vector<std::uint64_t>& keys, std::size_t k);

/// For every row its neighbors with their weights, most similar first.
struct NeighborLists : SparseRows {
  std::span<const std::uint32_t> neighbors_of(std::size_t row) const { return ids_of(row); }

  /// For every row, those that have it among their neighbors.
  NeighborLists transposed() const { return {SparseRows::transposed(rows())}; }

  /// As tensors "neighbour_offsets", "neighbours" and "neighbour_weights".
  void save(TensorWriter& out) const;
  /// Errors   corrupt_file, if lists do not fit together, name a row outside [0, rows), or hold a weight that isn't
  ///          finite
  static NeighborLists load(const TensorFile& in, std::size_t rows);
};

/// Cuts [0, work.size()) into at most `parts` consecutive ranges of about equal work: their bounds, from 0 to the end.
std::vector<std::size_t> cut_evenly(std::span<const std::uint64_t> work, std::size_t parts);

}  // namespace gusto
