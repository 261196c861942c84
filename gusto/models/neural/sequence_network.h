#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gusto/nn/candidate_task.h"
#include "gusto/nn/network.h"
#include "gusto/nn/tape.h"

namespace gusto {

/// The measures of a SequenceNetwork.
struct SequenceShape {
  std::size_t items = 0;
  std::size_t length = 0;  ///< most tokens of a sequence
  std::size_t dim = 0;
  std::size_t blocks = 0;
  std::size_t heads = 0;
  std::size_t hidden = 0;  ///< width of each block's hidden layer
  double dropout = 0;
};

/// Reads sequences of tokens, and gives each position a vector that says what comes next.
///
///   x_t = √dim · token embedding + position embedding, dropped out
///   each block: x ← x + dropout(attention(norm(x)) W + b); x ← x + dropout(relu(norm(x) W₁ + b₁) W₂ + b₂)
///   y_t = norm(x_t)
///
/// y_t depends on no token after t. Token 0 stands before everybody's first item; token 1 + i is item i, and its
/// embedding is also what y is matched with. Positions count from a sequence's first token.
///
/// Source   Kang & McAuley: Self-attentive sequential recommendation (SASRec), ICDM 2018. Layers are normalized before
///          each part of a block, and the attention's heads are mixed by a layer, as is usual since (Xiong et al., ICML
///          2020)
/// Cost     O(tokens · dim · (dim + hidden + length)) a block
/// Threads  const members may be called concurrently, with different tapes
class SequenceNetwork {
 public:
  SequenceNetwork(const SequenceShape& shape, nn::ParameterSet& parameters);

  const SequenceShape& shape() const { return shape_; }
  /// y of every token of the sequences [offsets[s], offsets[s + 1]) of `tokens`, or only of each sequence's last one,
  /// which is about twice as quick. Spans last as the tape does.
  nn::Var forward(nn::Tape& tape, std::span<const std::uint32_t> tokens, std::span<const std::uint32_t> offsets,
                  bool only_last) const;
  /// The vectors that y is matched with. [items × dim]
  nn::Var items(nn::Tape& tape, std::span<const std::uint32_t> items) const;
  /// The same of all items.
  MatrixView<const float> item_vectors() const;
  /// Gives items without events the mean vector of those with the fewest: nothing is known of them but that.
  void reset_untrained_items(std::span<const std::uint32_t> frequencies);

 private:
  struct Norm {
    nn::Parameter* gain;
    nn::Parameter* offset;
    nn::Var operator()(nn::Var x) const { return nn::layer_norm(x, *gain, *offset); }
  };
  struct Block {
    Norm before_attention;
    nn::DenseLayer projections;  // queries, keys and values side by side
    nn::DenseLayer mix;
    Norm before_hidden;
    nn::DenseLayer widen, narrow;
  };

  SequenceShape shape_;
  nn::Parameter* tokens_;
  nn::Parameter* positions_;
  std::vector<Block> blocks_;
  Norm last_norm_;
};

/// Everybody's sequence: token 0, then the tokens of their events in order of time.
struct Sequences {
  std::vector<std::uint32_t> tokens;
  std::vector<std::uint64_t> offsets;  ///< [users + 1]
};

/// Events of at least `least` of each user.
Sequences sequences_of(const Dataset& data, float least);

/// What a SequenceNetwork is trained on: at each token of a sequence, to find the next.
///
/// A sequence that is longer than the network reads is cut into windows from its end, so that each event is looked for
/// once. Validation holds out the last event of some users, drawn by (seed, user).
class SequenceTask final : public nn::RetrievalNetwork {
 public:
  SequenceTask(const SequenceNetwork& network, Sequences sequences, double validation, std::uint64_t seed);

  std::size_t size() const override { return windows_.size(); }
  std::size_t held_out() const override { return held_out_.size(); }
  std::vector<std::uint32_t> target_counts() const override;
  nn::QueryVectors ask(nn::Tape& tape, std::span<const std::uint32_t> examples, std::uint64_t key) const override;
  nn::QueryVectors ask_held_out(nn::Tape& tape, std::size_t begin, std::size_t end) const override;
  nn::Var items(nn::Tape& tape, std::span<const std::uint32_t> items, std::uint64_t key) const override;
  std::size_t shard_size() const override { return kShardWindows; }
  std::size_t rows_per_example() const override { return network_.shape().length; }

 private:
  // Few enough for a small batch to occupy several threads, enough for products of some size.
  static constexpr std::size_t kShardWindows = 4;
  /// Tokens [begin, begin + size) of one user, of each of which the next is looked for.
  struct Window {
    std::uint64_t begin;
    std::uint32_t size;
    std::uint32_t user;
  };

  const SequenceNetwork& network_;
  Sequences sequences_;
  std::vector<Window> windows_;
  std::vector<Window> held_out_;  // the next of the last token only
};

}  // namespace gusto
