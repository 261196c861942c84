#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gusto/base/matrix.h"
#include "gusto/models/factors/alternation.h"
#include "gusto/models/factors/feature_prior.h"
#include "gusto/models/model_info.h"
#include "gusto/models/shared/choices.h"

namespace gusto {

struct IalsOptions {
  int dim = 0;
  int epochs = 16;
  double unobserved_weight = 0;
  double reg = 0;
  double reg_power = 1;
  double init = 0.1;
  int block = 0;
  std::string user_fields{};
  std::string item_fields{};
  double reg_features = 0.1;
  double like_threshold = 4;
};
inline constexpr auto kIalsFields = fields(
    field<&IalsOptions::dim>("dim", between(0, 4096), search_log(16, 512),
                             "Length of each user and item vector; 0: by the number of items, 64 to 256, and fewer "
                             "where users or items are few."),
    field<&IalsOptions::epochs>("epochs", between(1, 1000), search_log(4, 32),
                                "Times that all users' and all items' vectors are solved for."),
    renamed(field<&IalsOptions::unobserved_weight>(
                "unobserved_weight", between(0, 1), search_log(0.01, 1),
                "Weight of each pair of user and item as one without an event (alpha); 0: by how sparse the "
                "data are, such that all pairs together weigh 8 times as much as all events."),
            "unobserved"),
    field<&IalsOptions::reg>("reg", between(0, 1e6), search_log(0.0005, 0.1),
                             "Regularization of a vector, for each pair that it takes part in; 0: 0.013, and more "
                             "where histories are short, or users or items few."),
    field<&IalsOptions::reg_power>(
        "reg_power", between(0, 1), search_linear(0, 1),
        "How far regularization grows with a row's events: reg (events + unobserved pairs)^reg_power."),
    field<&IalsOptions::init>("init", between(1e-6, 10), search_none(), "Length that vectors start with, about."),
    field<&IalsOptions::block>("block", between(0, 4096), search_none(),
                               "Coordinates solved for at once; dim or more: all of them; 0: up to 64."),
    text<&IalsOptions::user_fields>("user_fields",
                                    "Features that tell where a user's vector is expected: gender, bucket(age, 10), …; "
                                    "auto: numbers, and what groups users. Empty for none."),
    text<&IalsOptions::item_fields>(
        "item_fields",
        "Features that tell where an item's vector is expected: genres, words(title, 2000), …; "
        "auto: numbers, and what groups items. Empty for none."),
    field<&IalsOptions::reg_features>("reg_features", between(0, 1e6), search_log(0.1, 100),
                                      "Regularization of the features' vectors, as by so many rows."),
    field<&IalsOptions::like_threshold>("like_threshold", {}, search_none(),
                                        "Ratings, likes: events of at least this value count, if any has it."));
extern const ModelInfo kIalsInfo;

/// Learns user and item vectors from who has what, by alternating least squares over all pairs.
///
/// Minimizes  Σ_(u,i)∈S (w_u·h_i − 1)² + α Σ_u Σ_i (w_u·h_i)² + Σ_u λ_u ‖w_u − m_u‖² + Σ_i λ_i ‖h_i − m_i‖²
///            λ_u = reg (|S_u| + α|I|)^reg_power,   λ_i = reg (|S_i| + α|U|)^reg_power,   α = unobserved_weight,
///            or, of 0, 8 |S| / (|U| |I|), so that sparse data with many items are not drowned in zeros
///            S the events that count (choices.h), U and I the users and items that have some. Without features m = 0,
///            and this is the revisited iALS. With features m_u = Σ_f x_uf b_f (feature_prior.h), learned along with
///            the vectors with a regularization of mean λ · reg_features · ‖b_f‖²; whoever, and whatever, has no event
///            is at m itself
/// Learning   starts at N(0, init²/dim); each epoch solves for all users, then for all items, block by block of
///            coordinates (row_solver.h), and for b by conjugate gradients; last, all users are solved for once more,
///            all coordinates at once. The same solution folds new users in: exact for the same history and features. A
///            new user whose features are not told is expected at what those of an unknown user say
/// Goes on    from the other model's vectors. An update is one epoch, whose first half solves for the users alone whose
///            events are new
/// Explains   w_u = A⁻¹ (Σ_{i∈S_u} h_i + λ_u m_u): linear in what each event and each feature adds
/// Source     Hu, Koren, Volinsky: Collaborative filtering for implicit feedback datasets, ICDM 2008; Rendle, Krichene,
///            Zhang, Koren: Revisiting the performance of iALS on item recommendation benchmarks, RecSys 2022
///            (objective, start); Rendle et al.: iALS++, 2021 (blocks); Agarwal, Chen: Regression-based latent factor
///            models, KDD 2009 (m)
/// State      user_vectors [users × dim], item_vectors [items × dim], all_items [dim × dim] = Σ h_i h_iᵀ; with features
///            their vectors b and the schema
/// Cost       an epoch: 2 · events · dim · (block + 4) + (users + items) · dim · (2 dim + block² / 3) multiplications;
///            (users + items) · dim · 4 bytes, at most 64 · dim² · 4 more while fitting, and twice the vectors for
///            saving
/// Errors     those of Model; invalid_option and not_found for fields
/// Repeatable same bits at any number of threads, for one seed and one CPU level
class IalsModel final : public ModelWith<IalsOptions, kIalsInfo> {
 public:
  using ModelWith::ModelWith;
  std::uint64_t memory_need(const Dataset& data, Task task, unsigned threads) const override;
  MatrixView<const float> item_vectors() const override;
  bool ranks_new_items() const override { return item_prior_.has_value(); }
  void save_state(TensorWriter& out) const override;
  /// α, once fitted.
  double unobserved_weight() const { return unobserved_weight_; }
  /// reg, once fitted.
  double reg() const { return reg_; }

 private:
  void do_fit(const Dataset& data, const FitOptions& fit, Context& context) override;
  void do_load(const TensorFile& in) override;
  void do_query_vectors(std::span<const Query> queries, MatrixView<float> out) const override;
  void do_item_similarity(ItemRow item, std::span<float> out) const override;
  void do_user_similarity(const Query& query, std::span<float> out) const override;
  std::vector<Contribution> do_explain(const Query& query, ItemRow item) const override;

  struct Side;
  std::size_t dim() const { return dim_; }
  std::size_t dim_for(const Dataset& data) const;
  double reg_of(double events, std::size_t others) const;
  bool has_fields() const { return !options().user_fields.empty() || !options().item_fields.empty(); }
  /// `others`: how many rows of the other side have events that count.
  Side make_side(const Dataset& data, bool of_users, std::size_t others) const;
  RowSolver solver(const Matrix<float>& other, Matrix<float> gram) const;
  /// `chosen`: the rows that are solved for; none given: all.
  void solve_rows(const Side& side, const std::optional<FeaturePrior>& prior, const RowSolver& solver, Pass pass,
                  const std::vector<bool>& chosen, Steps& steps, Matrix<float>& vectors) const;
  /// Vectors to begin with: drawn, or those of the rows that another model, which may be null, knows.
  Matrix<float> start(const Side& side, const IalsModel* from, std::span<const std::optional<std::uint32_t>> known,
                      std::uint64_t seed, Context& context) const;
  /// Sets what depends on the data: α, reg, and the number of items with events.
  void measure(const Dataset& data);
  void prepare_fold_in(Matrix<float> gram);

  /// Someone to fold in: their events that count and what their features say.
  struct QueryUser;
  QueryUser query_user(const Query& query) const;

  float least_ = 0;  // an event of at least this value counts
  std::size_t items_with_events_ = 0;
  std::size_t dim_ = 0;
  double unobserved_weight_ = 0;  // α
  double reg_ = 0;
  Matrix<float> users_, items_;  // padded to whole strips
  Matrix<float> all_items_;      // Σ h_i h_iᵀ over items with events
  std::unique_ptr<SideFeatures> features_;
  std::optional<FeaturePrior> user_prior_, item_prior_;
  std::optional<RowSolver> fold_in_solver_;
};

}  // namespace gusto
