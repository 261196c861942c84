#pragma once

#include <memory>
#include <span>
#include <vector>

#include "gusto/base/matrix.h"
#include "gusto/models/model_info.h"
#include "gusto/models/shared/baseline.h"

namespace gusto {

struct SvdOptions {
  int dim = 0;
  int iterations = 6;
  double user_power = 0.4;
  double item_power = 0.4;
};
inline constexpr auto kSvdFields =
    fields(field<&SvdOptions::dim>(
               "dim", between(0, 4096), search_log(8, 256),
               "Number of singular vectors; 0: the root of the number of items, fewer where users or items "
               "are few, and half of them for ratings and likes."),
           field<&SvdOptions::iterations>("iterations", between(0, 100), search_none(),
                                          "Rounds of subspace iteration; more make the vectors more exact."),
           field<&SvdOptions::user_power>("user_power", between(0, 1), search_linear(0, 0.6),
                                          "Top-n: rows are divided by the user's number of events to this power."),
           field<&SvdOptions::item_power>("item_power", between(0, 1), search_linear(0, 0.6),
                                          "Top-n: columns are divided by the item's number of events to this power."));
extern const ModelInfo kSvdInfo;

/// Scores by projecting the user's row on the leading right singular vectors of the training matrix.
///
/// ratings, likes  A_ui = r_ui − μ − b_u − b_i where rated, 0 elsewhere (Baseline);  ŷ_ui = μ + b_u + b_i + (a_u V
/// Vᵀ)_i top_n           A_ui = n_u^(−user_power) · n_i^(−item_power) where there is an event, 0 elsewhere; the scaled
///                       columns
///                 keep popular items from filling the leading vectors.  s_ui = (a_u V Vᵀ)_i · n_i^item_power
/// V [items × dim] holds the right singular vectors of the largest singular values, found by randomized subspace
/// iteration on AᵀA with 8 vectors more than asked for.
/// Source     Cremonesi, Koren, Turrin: PureSVD, RecSys 2010; Halko, Martinsson, Tropp: Finding structure with
///            randomness, SIAM Review 2011; the scaling by powers of the degrees is that of EigenRec (Nikolakopoulos et
///            al. 2019)
/// State      item_vectors [items × dim], singular_values [dim], biases, float32
/// Cost       O(iterations · (events · dim + (users + items) · dim²)); (users + 2 items) · (dim + 8) · 4 bytes
/// Errors     those of Model
/// Repeatable same bits at any number of threads, for one seed and one CPU level
class SvdModel final : public ModelWith<SvdOptions, kSvdInfo> {
 public:
  using ModelWith::ModelWith;
  double fit_operations(const Dataset& data, Task task) const override;
  std::uint64_t memory_need(const Dataset& data, Task task, unsigned threads) const override;
  MatrixView<const float> item_vectors() const override { return ranking_.view(); }
  void save_state(TensorWriter& out) const override;

 private:
  void do_fit(const Dataset& data, const FitOptions& fit, Context& context) override;
  void do_load(const TensorFile& in) override;
  void do_query_vectors(std::span<const Query> queries, MatrixView<float> out) const override;
  void do_item_similarity(ItemRow item, std::span<float> out) const override;
  void do_user_similarity(const Query& query, std::span<float> out) const override;
  std::vector<Contribution> do_explain(const Query& query, ItemRow item) const override;

  std::size_t dim(Task task, const Dataset& data) const;
  bool centered() const { return task() != Task::top_n; }
  /// A's entry for an event of the user, given the user's bias and scale.
  struct QueryUser;
  QueryUser query_user(std::span<const HistoryEvent> history) const;
  float entry(const QueryUser& query_user, const HistoryEvent& event) const;
  /// out [dim] = a_u V.
  void project(const QueryUser& query_user, std::span<const HistoryEvent> history, std::span<float> out) const;
  void prepare_ranking();

  Baseline baseline_;              // of ratings and likes
  std::vector<float> item_scale_;  // of top-n: n_i^(−item_power), 0 for items without events
  Matrix<float> vectors_;          // V
  std::vector<float> singular_values_;
  Matrix<float> ranking_;  // V, scaled back for top-n; for ratings with two columns that add the biases
};

}  // namespace gusto
