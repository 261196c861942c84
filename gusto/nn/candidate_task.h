#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gusto/base/parallel.h"
#include "gusto/data/dataset.h"
#include "gusto/nn/candidate_loss.h"
#include "gusto/nn/candidates.h"
#include "gusto/nn/tape.h"
#include "gusto/nn/trainer.h"

namespace gusto::nn {

/// Rows of one tape that ask, each for an item.
struct QueryVectors {
  Var vectors;                             ///< q [rows × dim]
  std::span<const std::uint32_t> targets;  ///< item row that each wants
  std::span<const std::uint32_t> users;    ///< user row of each
};

/// A network that gives vectors to users and to items, apart from one another, so that a score is their inner product.
///
/// Threads  const members are called concurrently, with different tapes
class RetrievalNetwork {
 public:
  virtual ~RetrievalNetwork() = default;
  /// How many examples there are to train on, and to stop early by.
  virtual std::size_t size() const = 0;
  virtual std::size_t held_out() const = 0;
  /// As TrainingTask::strengths().
  virtual std::vector<float> strengths() const { return {}; }
  /// How many rows want each item, over all training examples, drawn by their strengths. [items]
  virtual std::vector<std::uint32_t> target_counts() const = 0;
  /// For Hits::history, whether this event of the data is held out: its item must look like any that the user does not
  /// have.
  virtual bool holds_out(std::uint64_t) const { return false; }
  /// The forward pass of examples. An example may give any number of rows, at least one in each shard. Spans last as
  /// the tape does. `key` keys what is random.
  virtual QueryVectors ask(Tape& tape, std::span<const std::uint32_t> examples, std::uint64_t key) const = 0;
  /// The same for held-out examples [begin, end), nothing random.
  virtual QueryVectors ask_held_out(Tape& tape, std::size_t begin, std::size_t end) const = 0;
  /// v of these item rows. [items × dim]
  virtual Var items(Tape& tape, std::span<const std::uint32_t> items, std::uint64_t key) const = 0;

  /// Examples of one shard; no more than kShardSize.
  virtual std::size_t shard_size() const { return kShardSize; }
  /// The most rows of one example.
  virtual std::size_t rows_per_example() const { return 1; }
};

struct CandidateOptions : SamplingOptions {
  CandidateLoss loss = CandidateLoss::softmax;
  double temperature = 1;  ///< logits are divided by it
  /// binary with drawn negatives: t of gBCE (Petrov & Macdonald, RecSys 2023), from 0, plain, to 1, where scores become
  /// those of full sampling: the target's loss counts β = α (t (1 − 1/α) + 1/α), α = negatives / (items − 1).
  double calibration = 0;
};

/// Events of each item row.
std::vector<std::uint32_t> frequencies(const Dataset& data);

/// Trains a retrieval network: each user's item against candidates that the whole batch shares.
///
/// A step runs the users' shards forward, draws candidates, runs those forward, computes loss and gradients of all
/// pairs by blocked products, and runs the shards backward. An item's vector is computed once a step, however often it
/// occurs.
///
/// Validation  mean of 1 − 1 / log2(1 + rank) of held-out items among all items with events, less those that the user
///             has other events with; equal scores count against it
/// Errors      invalid_option, for options that do not go together, or one that would have no effect
class CandidateTask final : public TrainingTask {
 public:
  /// Held-out users whose scores of the whole catalog each thread keeps at once.
  static constexpr std::size_t kScored = 64;

  CandidateTask(const RetrievalNetwork& network, const Dataset& data, const CandidateOptions& options);

  std::size_t size() const override { return network_.size(); }
  std::vector<float> strengths() const override { return network_.strengths(); }
  std::size_t tapes(std::size_t examples) const override;
  double run(std::span<const std::uint32_t> examples, std::uint64_t key, std::span<Tape> tapes,
             ThreadPool& pool) override;
  std::size_t validation_size() const override { return network_.held_out(); }
  void begin_validation(ThreadPool& pool) override;
  double validation_error(Tape& tape, std::size_t begin, std::size_t end) override;
  ProgressMetric validation_metric(double mean) const override;

 private:
  std::size_t query_tapes(std::size_t examples) const;
  void ask(std::span<const std::uint32_t> examples, std::uint64_t key, std::span<Tape> tapes, ThreadPool& pool);
  void draw(std::uint64_t key, ThreadPool& pool);
  void learn_histories();
  void hide_history();
  /// Vectors of items, a shard a tape; into `vectors` [items × dim].
  void run_items(std::span<const std::uint32_t> items, std::uint64_t key, Mode mode, std::span<Tape> tapes,
                 ThreadPool& pool, AlignedVector<float>& vectors);
  void pool_shares(std::span<const std::uint32_t> items, std::span<const float> offsets, std::uint64_t key,
                   std::span<float> shares, ThreadPool& pool);
  void backward(std::span<Tape> tapes, ThreadPool& pool);

  const RetrievalNetwork& network_;
  const Dataset& data_;
  CandidateOptions options_;
  CandidateSampler sampler_;
  CandidateLosses losses_;
  // Of the present step.
  Candidates candidates_;
  std::size_t dim_ = 0;
  std::vector<QueryVectors> query_users_;  // by shard
  std::vector<std::size_t> first_row_;     // of each shard of users, and the end
  std::vector<Var> item_vars_;             // by shard of candidates
  std::vector<std::uint32_t> targets_, users_;
  std::vector<std::uint32_t> hidden_offsets_, hidden_;
  std::vector<std::uint32_t> place_;  // by item row: candidate, for hiding
  // By user: the items to hide, if any are.
  std::vector<std::uint64_t> known_offsets_;
  std::vector<std::uint32_t> known_items_;
  AlignedVector<float> query_user_vectors_, item_vectors_, query_user_gradient_, item_gradient_;
  // Of the present epoch's validation.
  AlignedVector<float> catalog_vectors_;
};

}  // namespace gusto::nn
