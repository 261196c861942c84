#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gusto/models/model.h"
#include "gusto/models/model_info.h"
#include "gusto/models/neural/network_options.h"
#include "gusto/nn/network.h"

namespace gusto {

namespace nn {
class Encoder;
struct EncodedQueryUser;
enum class Side;
}  // namespace nn
class NetworkObjective;
class NewUserPrior;
struct NewUser;

/// What every NetworkModel can do. One with fields of items other than their id scores cold items as well.
constexpr Abilities network_abilities(bool cold_items = false) {
  return {.personalized = true,
          .predicts_ratings = true,
          .probabilities = true,
          .fold_in = FoldIn::approximate,
          .cold_items = cold_items,
          .similar_items = true,
          .similar_users = true,
          .checkpoints = true,
          .strength = true,
          .continues = true};
}

/// What a network is built for.
struct NetworkPlan {
  const Dataset& data;
  const nn::Schema& schema;
  nn::ParameterSet& parameters;  ///< to add to
  Task task;
  /// The z at which a prediction is the mean of the training values: a good start for a network's last bias.
  double center;
  std::size_t dim = kUsualNetworkDim;  ///< width of embeddings: the option, or what the data choose where it is 0
};

/// A recommender whose scores are a network's output. A derived model says which fields go in and what the network is:
///   class MyModel final : public NetworkModelWith<MyOptions, kMyInfo> {
///     using NetworkModelWith::NetworkModelWith;
///     std::string input_fields(const Dataset&) const override { return "user, item, genres"; }
///     std::unique_ptr<nn::Network> build(const NetworkPlan& plan) const override { … }
///   };
/// Ratings    prediction low + (high − low) σ(z) over the range of the training values, or, if linear_output(), z in
///            units of their standard deviation; squared loss
/// Likes      probability σ(z) that the value reaches like_threshold; binary cross-entropy
/// Top-n      σ(z) of each event's item against `negatives` items drawn uniformly among those that the user has no
///            event with; binary cross-entropy, or BPR. Events are drawn by their strengths
/// Fold-in    someone with a history gets rows of their own in the embeddings of `user`, learned with all else held:
///            the most probable ones under the Gaussian that the training users' rows follow; else the unknown user's
/// Similarity cosine of the embeddings of one side's fields, side by side, less their mean over all users or items
/// State      the network's parameters, from which others go on; the schema, and the noise that fold-in assumes
/// Cost       O(epochs · events · forward pass)
class NetworkModel : public Model {
 public:
  NetworkModel();
  NetworkModel(NetworkModel&&) noexcept;
  NetworkModel& operator=(NetworkModel&&) noexcept;
  ~NetworkModel() override;

  std::uint64_t memory_need(const Dataset& data, Task task, unsigned threads) const override;
  void save_state(TensorWriter& out) const override;
  bool ranks_new_items() const override;

 protected:
  virtual const NetworkOptions& network_options() const = 0;
  /// As nn::parse_fields takes it.
  virtual std::string input_fields(const Dataset& data) const = 0;
  /// Those of them that have embeddings as wide as `dim`; the others have one number an id. For memory_need().
  virtual std::string vector_fields(const Dataset& data) const { return input_fields(data); }
  /// Widths of its hidden layers, as in 64-32. For memory_need().
  virtual std::string hidden_layers() const { return {}; }
  virtual std::unique_ptr<nn::Network> build(const NetworkPlan& plan) const = 0;
  virtual bool linear_output() const { return false; }

  const nn::Encoder& encoder() const { return *encoder_; }
  const nn::ParameterSet& parameters() const { return *parameters_; }
  const NetworkObjective& objective() const { return *objective_; }
  /// After fitting and after loading: what is derived from the parameters.
  virtual void finish() {}
  /// The user, and, if they bring a history, the rows learned for them.
  nn::EncodedQueryUser encode(const Query& query, NewUser& new_user) const;

  void do_fit(const Dataset& data, const FitOptions& fit, Context& context) override;
  void do_load(const TensorFile& in) override;
  void do_predict(std::span<const Query> queries, std::span<const ItemRow> items, std::span<float> out) const override;
  void do_score(std::span<const Query> queries, MatrixView<float> scores) const override;
  void do_score_items(const Query& query, std::span<const ItemRow> items, std::span<float> out) const override;
  void do_item_similarity(ItemRow item, std::span<float> out) const override;
  void do_user_similarity(const Query& query, std::span<float> out) const override;

 private:
  void prepare(const Dataset& data, std::unique_ptr<nn::ParameterSet> parameters);
  /// z of the user with each of these items.
  void run(const nn::EncodedQueryUser& query_user, const NewUser& new_user, std::span<const ItemRow> items,
           nn::Tape& tape, std::span<float> out) const;
  /// Beside one another, the embeddings of all of one side's fields. [batch rows × Σ widths]
  Matrix<float> positions(nn::Side side, const nn::Batch& batch, const NewUser& new_user) const;

  std::unique_ptr<NetworkObjective> objective_;
  std::unique_ptr<nn::ParameterSet> parameters_;
  std::unique_ptr<nn::Encoder> encoder_;
  std::unique_ptr<nn::Network> network_;
  std::unique_ptr<NewUserPrior> prior_;
  std::size_t dim_ = 0;
  double noise_ = 1;
};

/// NetworkModel with options and a registry row, as ModelWith is for Model.
template <class OptionsStruct, const ModelInfo& Info>
class NetworkModelWith : public ModelWith<OptionsStruct, Info, NetworkModel> {
 public:
  using ModelWith<OptionsStruct, Info, NetworkModel>::ModelWith;

 protected:
  const NetworkOptions& network_options() const final { return this->options(); }
};

}  // namespace gusto
