#pragma once

/// The contract that every recommender keeps.
/// Three things stay apart: options (a plain struct, described by a field table), learned state, and the context.
/// A model is fitted once; after that its const members may be called concurrently.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/base/field.h"
#include "gusto/base/matrix.h"
#include "gusto/data/dataset.h"
#include "gusto/data/query.h"
#include "gusto/models/task.h"

namespace gusto {

/// How a model answers for someone who was not in the training set.
enum class FoldIn {
  none,         ///< it has no answer: a query without a known user is Error(unsupported)
  approximate,  ///< by an estimate that may differ from what training would have given
  exact,        ///< a training user's own history, with the same features, gives that user's own answers
};

/// What a model declares that it can do. The conformance suite checks every claim, both ways.
struct Abilities {
  bool personalized = false;      ///< the order of items depends on the user
  bool predicts_ratings = false;  ///< predict() in units of the training values, when trained for ratings or likes
  bool probabilities = false;     ///< predict() is a probability of a like, when trained for likes
  FoldIn fold_in = FoldIn::none;
  bool cold_items = false;     ///< items without training events get scores from their features
  bool item_vectors = false;   ///< ranking is an inner product: item_vectors() and query_vectors()
  bool similar_items = false;  ///< item_similarity()
  bool similar_users = false;  ///< user_similarity()
  bool explains = false;       ///< explain(), contributions that sum to the score
  bool checkpoints = false;    ///< fit() keeps its state in FitOptions::checkpoint, and resumes from there
  bool stddev = false;         ///< predict_stddev()
  bool strength = false;       ///< trained for top_n, it takes the strength of events into account
  bool timed = false;          ///< predictions are for the time of asking: who measures them gives it along
  bool continues = false;      ///< fit() goes on from FitOptions::from
};

/// One reason for a score. The amounts of all of a score's contributions sum to the score.
struct Contribution {
  std::string label;              ///< "global mean", "user bias", …; for an item of the history, empty
  std::optional<ItemRow> item{};  ///< the history's item that contributes
  std::optional<UserRow> user{};  ///< the neighbor who contributes
  double amount = 0;
};

/// An item that somebody chose, and how much that counts: 1, where values are no strengths or the task is not top_n.
struct Choice {
  std::uint32_t item;
  float strength;
};

/// What one fit() takes beside data and task; how a model learns is in the model's own options.
struct FitOptions {
  std::uint64_t seed = 42;  ///< every draw is keyed by it; 0 is a seed like any other
  /// Where a long fit keeps its state as it goes, and resumes if the file is there, to the same bits. Empty: nowhere.
  /// For models that declare `checkpoints`; the file stays after the fit, and who has put the model away removes it.
  std::filesystem::path checkpoint = {};
  double budget = 0;                  ///< seconds that the fit may take, see Context::limit_time; 0: any number
  const class Model* from = nullptr;  ///< fitted, of the same kind and task: to go on from by ids, if it `continues`
  bool update = false;  ///< with `from`: only takes in what is new since, at about a tenth of a fit's cost
};

struct ModelInfo;
class TensorFile;
class TensorWriter;

/// Moved, not copied: parts of a model may view others, which a move leaves in their place.
class Model {
 public:
  Model() = default;
  Model(Model&&) = default;
  Model& operator=(Model&&) = default;
  virtual ~Model() = default;

  virtual const ModelInfo& info() const = 0;  ///< name, field table and abilities: the model's row in the registry
  virtual Settings settings() const = 0;      ///< all options' values as text

  /// Learns from data, which the model keeps (it may need histories to answer). Refits from scratch when called again;
  /// if it throws, the model is unfitted.
  /// Errors   empty_dataset; out_of_memory, before starting, if memory_need() is above the limit; canceled;
  ///          out_of_time; not_finite, if learning diverged; invalid_option, if an option is out of its bounds, or
  ///          options, data and `from` do not go together; unsupported, if the model keeps no checkpoint, or goes on
  ///          from none, and is asked to; and whatever the context's progress sink throws, unchanged
  void fit(std::shared_ptr<const Dataset> data, Task task, Context& context, const FitOptions& options = {});

  /// Floating-point operations of fit(), about, in terms of products of large matrices: by them its time is estimated
  /// before it begins. 0: only its pace tells.
  virtual double fit_operations(const Dataset&, Task) const { return 0; }
  /// Bytes that fit() and scoring will need at most beside the data set itself.
  virtual std::uint64_t memory_need(const Dataset& data, Task task, unsigned threads) const = 0;

  /// Whether rankings may hold items without training events: where features give them scores.
  virtual bool ranks_new_items() const;
  bool ranks(ItemRow item) const;  ///< whether a ranking may hold the item; the others, 64 to a word, are …
  std::span<const std::uint64_t> unranked_items() const { return unranked_; }  ///< … these, a bit each; empty: none

  bool fitted() const { return data_ != nullptr; }
  const Dataset& data() const;  ///< the training data. Error(unsupported) if not fitted
  std::shared_ptr<const Dataset> shared_data() const { return data_; }
  Task task() const { return task_; }
  bool predicts() const;  ///< whether predict() works: declared, and trained for ratings or likes

  /// out[i] = the predicted value of items[i] for queries[i], in units of the training values, not clipped.
  /// Errors   unsupported, if not predicts(), or for a query that the model cannot answer; invalid_input, for a row
  ///          outside the catalog or a history value that isn't finite; not_found, for a feature that users don't
  ///          have; not_finite, where a history is so extreme that the answer overflows
  void predict(std::span<const Query> queries, std::span<const ItemRow> items, std::span<float> out) const;

  /// predict(), and stddev[i] = the standard deviation that the value has about that prediction, by the model's own
  /// account: what it does not know of user and item, and what no model could know. For a probability of a like it is
  /// the standard deviation of the probability itself.
  /// Errors   as predict; unsupported, if not declared
  void predict_stddev(std::span<const Query> queries, std::span<const ItemRow> items, std::span<float> out,
                      std::span<float> stddev) const;

  /// scores(q, i) = the ranking score of item i for queries[q], on the calling thread; higher is better, finite.
  /// Scores of one query are comparable with each other only.
  /// Shape    scores [queries × item_count]
  /// Errors   as predict, but for predicts()
  void score(std::span<const Query> queries, MatrixView<float> scores) const;
  /// out[i] = the ranking score of items[i] for the query: score() for chosen items, to rounding.
  /// Cost     models with item vectors and networks: of these items alone; others: that of score() for one query
  /// Errors   as score; invalid_input, for a row outside the catalog
  void score_items(const Query& query, std::span<const ItemRow> items, std::span<float> out) const;

  /// For models with item_vectors: scores are inner products of these. [item_count × width] and [queries × width].
  virtual MatrixView<const float> item_vectors() const;
  void query_vectors(std::span<const Query> queries, MatrixView<float> out) const;

  /// out[j] = similarity of item j to `item`, higher is closer; out has item_count entries. Error(unsupported).
  void item_similarity(ItemRow item, std::span<float> out) const;
  /// out[v] = similarity of user v to the query user; out has user_count entries. Error(unsupported).
  void user_similarity(const Query& query, std::span<float> out) const;
  /// Why the item got its score: contributions whose amounts sum to score() of it, largest amount first.
  std::vector<Contribution> explain(const Query& query, ItemRow item) const;

  /// Learned arrays, under names of the model's own ("item_factors"); options and data are stored by ModelFile.
  virtual void save_state(TensorWriter& out) const = 0;
  /// Takes back what save_state wrote, for that training data.
  /// Errors   corrupt_file, naming the tensor, if one is missing or has another type or shape
  void load_state(const TensorFile& in, std::shared_ptr<const Dataset> data, Task task);

 protected:
  // What the public functions do after their checks: models are fitted (but for do_fit and do_load), queries and items
  // are valid, shapes match, and the ability is declared. In do_fit and do_load task() is set; in do_load data() too.
  virtual void do_fit(const Dataset& data, const FitOptions& options, Context& context) = 0;
  virtual void do_load(const TensorFile& in) = 0;
  // Predicting and scoring go through the vectors by default.
  virtual void do_predict(std::span<const Query> queries, std::span<const ItemRow> items, std::span<float> out) const;
  virtual void do_predict_stddev(std::span<const Query> queries, std::span<const ItemRow> items, std::span<float> out,
                                 std::span<float> stddev) const;
  virtual void do_score(std::span<const Query> queries, MatrixView<float> scores) const;
  // By the vectors, or by scoring all items.
  virtual void do_score_items(const Query& query, std::span<const ItemRow> items, std::span<float> out) const;
  virtual void do_query_vectors(std::span<const Query> queries, MatrixView<float> out) const;
  virtual void do_item_similarity(ItemRow item, std::span<float> out) const;
  virtual void do_user_similarity(const Query& query, std::span<float> out) const;
  virtual std::vector<Contribution> do_explain(const Query& query, ItemRow item) const;

  /// The history that a query stands for: its own, or the training events of its user.
  /// The first form copies into `storage` and returns a view of it.
  std::span<const HistoryEvent> history_of(const Query& query, std::vector<HistoryEvent>& storage) const;
  /// The items of that history whose events have at least the value `least` (choices.h), in its order.
  std::vector<Choice> choices(const Query& query, float least) const;
  /// Whether the query stands for a training user as trained (a user, and no history of its own).
  static bool is_training_user(const Query& query) { return query.user && query.history.empty(); }
  /// Whether two queries come from the same user, so that what was folded in for one serves the other.
  static bool same_query_user(const Query& a, const Query& b);

  /// Error(not_finite), naming model and array, if a learned value is NaN or infinite. For the end of do_fit.
  void require_finite(std::string_view array, std::span<const float> values) const;
  /// Error(unsupported): "<model> <does not do this>."
  [[noreturn]] void refuse(std::string_view what) const;

 private:
  /// What predict() and predict_stddev() check before they answer.
  void check_pairs(std::span<const Query> queries, std::span<const ItemRow> items, std::size_t answers) const;
  /// Error(unsupported), Error(invalid_input) or Error(not_found) if a query cannot be answered.
  void check_queries(std::span<const Query> queries) const;
  void check_item(ItemRow item) const;
  void check_answer(std::span<const float> values) const;
  void mark_unranked();

  std::shared_ptr<const Dataset> data_;
  Task task_ = Task::ratings;
  std::vector<std::uint64_t> unranked_;
};

}  // namespace gusto
