#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "gusto/base/matrix.h"
#include "gusto/models/factors/pair_kernels.h"
#include "gusto/models/model_info.h"
#include "gusto/models/shared/choices.h"

namespace gusto {

struct BprOptions {
  int dim = 0;
  int epochs = 0;
  double learning_rate = 0;
  PairSampling sampling = PairSampling::hard;
  int trials = 0;
  double reg = 0.03;
  bool biases = true;
  double reg_bias = 0.01;
  double init = 0.1;
  double like_threshold = 4;
};
inline constexpr auto kBprFields = fields(
    field<&BprOptions::dim>("dim", between(0, 4096), search_log(16, 256),
                            "Length of each user and item vector; 0: 64, 128 where items have few events, and fewer "
                            "where users or items are few."),
    field<&BprOptions::epochs>("epochs", between(0, 10000), search_log(20, 200),
                               "Passes over the training events; 0: 60, up to 120 where items have few events."),
    field<&BprOptions::learning_rate>("learning_rate", between(0, 10), search_log(0.01, 0.3),
                                      "Step size at the start; it falls linearly to 0. 0: 0.05, up to 0.15 where "
                                      "items have few events."),
    choice<&BprOptions::sampling>("sampling", kPairSamplingNames,
                                  "The other item: uniform, the first drawn; hard, the best scored of some; warp, the "
                                  "first of some that comes too close, weighted by its rank."),
    field<&BprOptions::trials>("trials", between(0, 10000), search_log(2, 100),
                               "Items drawn at most against an event, of hard and warp; 0: one of 200 items, 2 to 8, "
                               "or up to 16 where items have few events."),
    field<&BprOptions::reg>("reg", between(0, 10), search_log(0.001, 0.1), "Regularization of the vectors."),
    field<&BprOptions::biases>("biases", "Learn how much each item is chosen, whoever the user is."),
    field<&BprOptions::reg_bias>("reg_bias", between(0, 10), search_log(0.0001, 0.1), "Regularization of the biases."),
    field<&BprOptions::init>("init", between(1e-6, 10), search_none(), "Length that vectors start with, about."),
    field<&BprOptions::like_threshold>("like_threshold", {}, search_none(),
                                       "Ratings, likes: events of at least this value count, if any has it."));
extern const ModelInfo kBprInfo;

/// `options` with every 0 settled by the data. Items of few events, 15 and less, need more and longer steps against
/// more others than items of many, 45 and more, and longer vectors; between them all goes by the logarithm. The best of
/// many draws from few items would nearly always be one that the user likes.
BprOptions settled(BprOptions options, const Dataset& data);

/// Ranks by an inner product and a bias, learned from pairs: what somebody chose before what they did not.
///
///   x_ui = p_u · q_i + b_i
///
/// Learning   stochastic gradient descent over events (u, i) that count, each against a drawn item j, of which u has
///            no event that counts (pair_kernels.h): BPR's softplus(x_uj − x_ui) for uniform and hard, WARP's
///            rank-weighted hinge for warp. An event of strength s is met s times an epoch on average. Users are cut
///            into B groups, items into 2B; each epoch pairs the groups of items again, and is B rounds of B blocks
///            that share no row, a group of users with a pair of groups of items each, from which j is drawn too.
///            Blocks of a round run in parallel. B depends on the data alone
/// New users  p minimizes Σ_i s_i Σ_j softplus(x_j − x_i) / d + (reg · n + kLeastReg) ‖p − p̄‖² / 2 over the items i of
///            the history, of strengths s_i and n in all, and d drawn items j for each: kDrawn, fewer of a history of
///            thousands. By steps to the minimum of parabolas above, all items held; p̄ is the mean of the training
///            users' vectors, which is also the answer without a history
/// Goes on    from vectors and biases of the other model; an update makes a tenth of the epochs
/// Source     Rendle, Freudenthaler, Gantner, Schmidt-Thieme: BPR, UAI 2009; Weston, Bengio, Usunier: WSABIE, IJCAI
///            2011; blocks as in Gemulla et al.: DSGD, KDD 2011
/// State      user_vectors [users × dim], item_vectors [items × dim], item_bias [items], float32
/// Cost       O(epochs · events · trials · dim); 2 · (users + items) · dim · 4 + events · 12 bytes. A new user: n · d ·
///            dim² steps and n · d · dim · 8 bytes
/// Errors     those of Model; not_finite if learning diverges
/// Repeatable same bits at any number of threads, for one seed and one CPU level
class BprModel final : public ModelWith<BprOptions, kBprInfo> {
 public:
  using ModelWith::ModelWith;
  static constexpr std::size_t kDrawn = 20;
  static constexpr double kLeastReg = 1e-3;

  std::uint64_t memory_need(const Dataset& data, Task task, unsigned threads) const override;
  MatrixView<const float> item_vectors() const override { return ranking_.view(); }
  void save_state(TensorWriter& out) const override;

 private:
  void do_fit(const Dataset& data, const FitOptions& fit, Context& context) override;
  void do_load(const TensorFile& in) override;
  void do_query_vectors(std::span<const Query> queries, MatrixView<float> out) const override;
  void do_item_similarity(ItemRow item, std::span<float> out) const override;
  void do_user_similarity(const Query& query, std::span<float> out) const override;

  std::size_t dim() const { return ranking_.cols() - 1; }
  /// Finds p̄, and gives it to users without events.
  void finish(const Dataset& data);
  void fold_in(const Query& query, std::span<float> out) const;

  float least_ = 0;  // an event of at least this value counts
  Matrix<float> users_;
  Matrix<float> ranking_;       // (q_i, b_i); its inner product with (p_u, 1) is x_ui
  std::vector<float> typical_;  // p̄
};

}  // namespace gusto
