#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "gusto/base/matrix.h"
#include "gusto/models/model_info.h"
#include "gusto/models/shared/training_matrix.h"

namespace gusto {

enum class GraphMerge { late, early };
inline constexpr std::array<std::string_view, 2> kGraphMergeNames{"late", "early"};

/// Defaults were chosen over unlike data sets (bench/panel.py).
struct GraphOptions {
  int dim = 0;
  int iterations = 6;
  double low_pass = 0.15;
  double blur_time = 1;
  int blur_steps = 1;
  double sharpen_time = 0.7;
  int sharpen_steps = 1;
  GraphMerge merge = GraphMerge::late;
  double user_power = 0.4;
  double item_power = 0.4;
  double like_threshold = 4;
};
inline constexpr auto kGraphFields = fields(
    field<&GraphOptions::dim>("dim", between(0, 4096), search_log(16, 512),
                              "Frequencies that the ideal low pass lets through; 0: the root of the number of "
                              "items, fewer where users or items are few."),
    field<&GraphOptions::iterations>("iterations", between(0, 100), search_none(),
                                     "Rounds of subspace iteration; more make the low pass more exact."),
    field<&GraphOptions::low_pass>("low_pass", between(0, 100), search_log(0.03, 3),
                                   "Weight of the ideal low pass beside the blurred signal."),
    field<&GraphOptions::blur_time>("blur_time", between(0, 10), search_none(),
                                    "How long the signal spreads over the graph."),
    field<&GraphOptions::blur_steps>("blur_steps", between(1, 20), search_none(), "Steps that this is taken in."),
    field<&GraphOptions::sharpen_time>("sharpen_time", between(0, 10), search_linear(0, 3),
                                       "How long what has spread is sharpened; 0 is GF-CF, above it BSPM."),
    field<&GraphOptions::sharpen_steps>("sharpen_steps", between(1, 20), search_none(), "Steps that this is taken in."),
    choice<&GraphOptions::merge>("merge", kGraphMergeNames,
                                 "Whether the low pass joins after the sharpening, or before and is sharpened."),
    field<&GraphOptions::user_power>("user_power", between(0, 1), search_linear(0, 0.6),
                                     "Rows are divided by the user's number of events to this power."),
    field<&GraphOptions::item_power>("item_power", between(0, 1), search_linear(0, 0.6),
                                     "Columns are divided by the item's number of events to this power."),
    field<&GraphOptions::like_threshold>("like_threshold", {}, search_none(),
                                         "Ratings, likes: values from which an event counts as a choice."));
extern const ModelInfo kGraphInfo;

/// Scores items by filtering what the user chose, a signal on the graph of items, for its low frequencies.
///
/// With A_ui = n_u^(−user_power) n_i^(−item_power) where u chose i, else 0, D = diag(n_i), V [items × dim] the right
/// singular vectors of A of the largest singular values σ₁ ≥ σ₂ ≥ …, and x the user's choices as ones:
///
///   P = AᵀA / σ₁²                                  one step of spreading to similar items
///   L = D^(−item_power) V Vᵀ D^(item_power)        the ideal low pass
///   blur     dz/dt = z P − z   from z(0) = x, for blur_time, in blur_steps steps of Euler's
///   sharpen  dz/dt = −z P      for sharpen_time, in sharpen_steps steps of Euler's
///   s = sharpen(blur(x)) + low_pass · x L          merge late
///   s = sharpen(blur(x) + low_pass · x L)          merge early
///
/// All of it is linear in x, so that what each choice adds is the filter's answer to that choice alone.
/// Ratings, likes  choices are the events of at least like_threshold, or, if no training event is, all of them
/// Source     Shen et al.: How powerful is graph convolution for recommendation? CIKM 2021 (GF-CF: blur_time 1 in one
///            step, no sharpening, powers ½); Choi et al.: Blurring-sharpening process models for collaborative
///            filtering, SIGIR 2023 (BSPM); differs in the powers, with which σ₁ need not be 1
/// State      item_vectors [items × dim], singular_values [dim], float32; products go through the training data
/// Cost       fit: that of truncated_svd(). A score: 4 · events · (blur_steps + sharpen_steps) operations, many at once
///            at the speed of vector instructions; (users + 3 items) · 32 floats a thread
/// Errors     those of Model
/// Repeatable same bits at any number of threads, for one seed and one CPU level
class GraphModel final : public ModelWith<GraphOptions, kGraphInfo> {
 public:
  using ModelWith::ModelWith;
  double fit_operations(const Dataset& data, Task task) const override;
  std::uint64_t memory_need(const Dataset& data, Task task, unsigned threads) const override;
  void save_state(TensorWriter& out) const override;

 private:
  class Filter;

  void do_fit(const Dataset& data, const FitOptions& fit, Context& context) override;
  void do_load(const TensorFile& in) override;
  void do_score(std::span<const Query> queries, MatrixView<float> scores) const override;
  void do_item_similarity(ItemRow item, std::span<float> out) const override;
  std::vector<Contribution> do_explain(const Query& query, ItemRow item) const override;

  std::size_t dim(const Dataset& data) const;
  /// Keeps what counts of the data, and its scales. Returns what counts.
  const Dataset& prepare(const Dataset& all);
  TrainingMatrix matrix() const { return {part_ ? *part_ : data(), user_scale_, item_scale_}; }

  std::optional<Dataset> part_;  // what counts of the data, where that is not all
  float least_ = 0;
  std::vector<float> user_scale_;
  std::vector<float> item_scale_;
  Matrix<float> vectors_;  // V
  std::vector<float> singular_values_;
};

}  // namespace gusto
