#pragma once

/// What finds a model's best items fast: one of several kinds of index over its item vectors.
///
/// exact  vectors in panels; what search() without an index does, without making the panels each time
/// int8   8-bit vectors, re-ranked: the same lists from a third of the memory traffic; pays from some thousands of
/// items hnsw   a walk through a graph: a share of the best items, from a small part of the vectors; pays above some
/// 500,000
///
/// Building measures, on users' own query vectors, how many of the 10 and 100 best items are found. What was measured,
/// and the graph, are stored in the model file under "index"; panels and 8-bit vectors are made again when it is
/// loaded.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "gusto/base/context.h"
#include "gusto/base/tensor_file.h"
#include "gusto/models/model.h"
#include "gusto/retrieval/exact_index.h"
#include "gusto/retrieval/hnsw_index.h"
#include "gusto/retrieval/int8_index.h"
#include "gusto/retrieval/search_filter.h"
#include "gusto/retrieval/top_lists.h"

namespace gusto {

enum class IndexKind { exact, int8, hnsw };
inline constexpr std::array<std::string_view, 3> kIndexKindNames{"exact", "int8", "hnsw"};
std::string_view to_string(IndexKind kind);

/// What to try in place of a kind that turns out slower than exact search: the one before it, or before that if the
/// model has few items.
IndexKind simpler_kind(const Model& model, IndexKind kind);

struct IndexOptions {
  std::optional<IndexKind> kind;  ///< nothing: the kind that is fastest for so many items
  HnswOptions hnsw{};
  /// That recall is measured on, at most; drawn from users with training events.
  std::size_t queries = 200;
  std::uint64_t seed = 42;  ///< of the graph's levels and of the queries
};

/// What building has measured, without any filter.
struct IndexQuality {
  std::size_t queries = 0;  ///< 0: not measured, since no user could be asked for
  double recall_at_10 = 1;  ///< mean share of the 10 best items of exact search that are found
  double recall_at_100 = 1;
  double query_seconds = 0;  ///< one query for 100 items on one thread; not stored
  double exact_seconds = 0;  ///< the same by exact search
};

/// Threads  const members may be called concurrently
class Index {
 public:
  /// Kind hnsw widens its walks until 95 % of the 100 best items are found, or they look at 2,048 items: even if exact
  /// search is faster then, as a width that depends on time would differ from run to run.
  /// Errors   unsupported, for a kind other than exact if the model has no item vectors; as build_hnsw
  /// Cost     exact, int8: one pass over the vectors; hnsw: see build_hnsw; and the measured queries
  static Index build(const Model& model, const IndexOptions& options, Context& context);

  /// The index that a model file holds, if it holds one.
  /// Errors   corrupt_file
  static std::optional<Index> load(const TensorFile& in, const Model& model, Context& context);
  /// Metadata "index" and tensors "index/…".
  void save(TensorWriter& out) const;

  IndexKind kind() const { return kind_; }
  const IndexQuality& quality() const { return quality_; }
  /// Of its own, beside the model's vectors.
  std::uint64_t bytes() const;
  /// Whether it was made of these vectors (and the model has not been trained since).
  bool belongs_to(const Model& model) const;

  /// For search_vectors(); nothing for a model without vectors. The filter must outlive what is returned.
  std::unique_ptr<VectorScan> scan(const PreparedFilter& filter, std::size_t k) const;

 private:
  Index(const Model& model, IndexKind kind, HnswGraph graph, std::size_t width, Context& context);
  void measure(const Model& model, const IndexOptions& options, Context& context);

  IndexKind kind_;
  IndexQuality quality_;
  MatrixView<const float> items_;  // the model's
  std::variant<std::monostate, ExactIndex, Int8Index, HnswIndex> index_;
};

/// The k best items for every query under a filter, as the index finds them; see search().
/// Errors   as search; internal, if the index does not belong to the model
TopLists search(const Model& model, const Index& index, std::span<const Query> queries, std::size_t k,
                const SearchFilter& filter, Context& context);

}  // namespace gusto
