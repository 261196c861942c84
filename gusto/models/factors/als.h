#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "gusto/base/matrix.h"
#include "gusto/models/factors/alternation.h"
#include "gusto/models/model_info.h"
#include "gusto/models/shared/baseline.h"

namespace gusto {

struct AlsOptions {
  int dim = 32;
  int epochs = 15;
  double reg = 0.08;
  bool biases = true;
  double unobserved_weight = 0.1;
  double init = 0.1;
  int block = 0;
};
inline constexpr auto kAlsFields = fields(
    field<&AlsOptions::dim>("dim", between(1, 4096), search_log(8, 128), "Length of each user and item vector."),
    field<&AlsOptions::epochs>("epochs", between(1, 1000), search_log(5, 40),
                               "Times that all users' and all items' vectors are solved for."),
    field<&AlsOptions::reg>("reg", between(1e-9, 1e6), search_log(0.01, 1),
                            "Regularization of a vector, and of its bias, for each of its row's events, in the unit of "
                            "the values."),
    field<&AlsOptions::biases>("biases", "Learn biases of users and items, too."),
    renamed(
        field<&AlsOptions::unobserved_weight>("unobserved_weight", between(1e-6, 1), search_log(0.01, 1),
                                              "Top-n: weight of each pair of user and item as one without an event."),
        "unobserved"),
    field<&AlsOptions::init>("init", between(1e-6, 10), search_none(), "Length that vectors start with, about."),
    field<&AlsOptions::block>("block", between(0, 4096), search_none(),
                              "Coordinates solved for at once; dim or more: all of them; 0: up to 64."));
extern const ModelInfo kAlsInfo;

/// Predicts by biases and the inner product of user and item vectors, learned by alternating least squares.
///
///   ŷ_ui = μ + s (b_u + b_i + p_u · q_i)
///
/// s          the unit of the values: a quarter of their scale, which is 1 for ratings from 1 to 5, but at most twice
///            their standard deviation; so the unit makes no difference
/// Minimizes  Σ_(u,i) ((r_ui − ŷ_ui) / s)² + reg (Σ_u n_u (‖p_u‖² + b_u²) + Σ_i n_i (‖q_i‖² + b_i²)), n the numbers of
///            events, μ the mean of the values; each side with its biases exactly, given the other, as one least
///            squares problem a row (row_solver.h): for a user with rows (q_i, 1) and targets (r_ui − μ) / s − b_i, for
///            an item likewise
/// top_n      μ = 0, s = 1 and no biases; every event has value 1, and every pair counts as 0, too, with weight
/// `unobserved_weight`
/// Start      vectors N(0, init²/dim), biases 0; an epoch solves for all items' biases and vectors after all users';
///            last, users are solved for once more, which is also how new users are folded in, exactly
/// Goes on    as ials
/// Source     Zhou, Wilkinson, Schreiber, Pan: Large-scale parallel collaborative filtering for the Netflix prize, AAIM
///            2008 (ALS-WR); differs in the biases, and in the blocks for wide vectors; top_n as in Hu, Koren, Volinsky
///            2008
/// State      user_vectors [users × (dim + 1)], item_vectors [items × (dim + 1)], the last column biases, float32;
///            global_mean and, where it isn't 1, unit [1], float64
/// Cost       an epoch: 2 · events · dim · (block + 4) + (users + items) · dim · block² / 3 multiplications;
///            (users + items) · dim · 8 bytes
/// Errors     those of Model; not_finite
/// Repeatable same bits at any number of threads, for one seed and one CPU level
class AlsModel final : public ModelWith<AlsOptions, kAlsInfo> {
 public:
  using ModelWith::ModelWith;
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

  /// One side's vectors, each with its bias as a last coordinate, and the rows that they are to the other side's
  /// problems: with a 1 in the bias's place, so that the other side's bias is a coordinate like any other.
  struct Side {
    Matrix<float> vectors;
    Matrix<float> rows;
    float bias(std::size_t row, std::size_t dim) const { return vectors(row, dim); }
  };
  std::size_t dim() const { return static_cast<std::size_t>(options().dim); }
  bool ranks() const { return task() == Task::top_n; }
  bool has_biases() const { return options().biases && !ranks(); }
  float reg_of(std::size_t events) const { return static_cast<float>(options().reg * static_cast<double>(events)); }
  float target(float value, float other_bias) const {
    return ranks() ? 1.0F : static_cast<float>((static_cast<double>(value) - mean_) / unit_) - other_bias;
  }
  void set_unit(Scale scale, const Moments& moments);
  void update_rows(Side& side) const;
  /// Rows that begin with what another model learned.
  void copy_side(std::span<const std::optional<std::uint32_t>> known, const AlsModel& from, const Side& learned,
                 Side& side) const;
  RowSolver solver(const Side& other, Matrix<float> gram) const;
  void finish(Matrix<float> gram);
  RowProblem problem_of(std::span<const HistoryEvent> history) const;

  double mean_ = 0;
  double unit_ = 1;
  Side users_, items_;
  Matrix<float> ranking_;  // (q_i, 1, b_i); its inner product with (s p_u, s b_u + μ, s) is ŷ_ui
  std::optional<RowSolver> fold_in_solver_;
};

}  // namespace gusto
