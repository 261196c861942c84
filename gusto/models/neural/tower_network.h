#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/models/neural/tower_options.h"
#include "gusto/nn/encoder.h"
#include "gusto/nn/network.h"
#include "gusto/nn/tape.h"

namespace gusto {

/// What "auto" stands for among one side's fields.
enum class AutoFields {
  features,  ///< what groups the side's users or items, and numbers
  id_and_features,
};

/// Fields of one side, as nn::parse_fields takes them. With Side::user, fields of the event (time, histories) belong to
/// it too.
/// Errors   invalid_option, for a field of the other side, or none at all
std::vector<std::string> fields_of_side(std::string_view option, std::string_view fields, nn::Side side,
                                        AutoFields automatic, const Catalog& catalog);

/// Widths of a tower's layers: those of the option, and then dim; none without hidden ones.
/// Errors   invalid_option, naming the option
std::vector<std::size_t> layer_widths(std::string_view hidden, std::string_view option, int dim);

/// One side of a retrieval network: embeddings of its fields, and what becomes of them.
///
/// Without hidden layers  x = Σ_f embedding of field f, all dim wide
/// With them              x = layers of the embeddings side by side: dropout, x W + b, ReLU each; the last one, dim
///                        wide, without
class Tower {
 public:
  /// `items` lends its table of item ids to this side's histories, if it has one; else they have their own.
  Tower(std::string_view name, std::span<const std::string> fields, std::string_view hidden,
        const TowerOptions& options, const nn::Schema& schema, nn::ParameterSet& parameters,
        const Tower* items = nullptr);

  /// [batch rows × dim]; for cosine, of length 1.
  nn::Var forward(nn::Tape& tape, const nn::Batch& batch) const;

 private:
  std::vector<nn::Embedding> embeddings_;
  nn::Parameter* item_ids_ = nullptr;  // the table of the field item
  std::vector<nn::DenseLayer> layers_;
  double dropout_;
  bool unit_;
};

/// Two towers, and the events that they are trained on.
class TowerNetwork final : public nn::RetrievalNetwork {
 public:
  /// Trained on all events, drawn by their strengths, or, with values_count, on those that reach
  /// options.like_threshold, if any do.
  TowerNetwork(const nn::Encoder& encoder, const Tower& query_user, const Tower& item, const TowerOptions& options,
               bool values_count, std::uint64_t seed);

  std::size_t size() const override { return events_.size(); }
  std::size_t held_out() const override { return held_out_.size(); }
  std::vector<float> strengths() const override;
  std::vector<std::uint32_t> target_counts() const override;
  bool holds_out(std::uint64_t event) const override { return !is_held_out_.empty() && is_held_out_[event]; }
  nn::QueryVectors ask(nn::Tape& tape, std::span<const std::uint32_t> examples, std::uint64_t key) const override;
  nn::QueryVectors ask_held_out(nn::Tape& tape, std::size_t begin, std::size_t end) const override;
  nn::Var items(nn::Tape& tape, std::span<const std::uint32_t> items, std::uint64_t key) const override;

 private:
  struct Sample {
    std::uint32_t event;
    UserRow user;
  };
  nn::QueryVectors ask(nn::Tape& tape, std::span<const nn::Example> examples, const nn::Masking& masking) const;

  const nn::Encoder& encoder_;
  const Tower& query_user_;
  const Tower& item_;
  double unknown_;
  TowerTarget target_;
  Strength strength_;
  std::vector<Sample> events_, held_out_;
  std::vector<bool> is_held_out_;  // by event; empty if none is
};

}  // namespace gusto
