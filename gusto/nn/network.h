#pragma once

#include <string_view>

#include "gusto/nn/ops.h"
#include "gusto/nn/parameters.h"

namespace gusto::nn {

struct Batch;
struct Lookup;
class Schema;

/// A model's mathematics: its forward pass. What it learns is in a ParameterSet that it added to when it was made.
class Network {
 public:
  virtual ~Network() = default;
  /// z [batch.rows × 1]: ranks, and becomes a prediction by the model's output (linear or scaled sigmoid).
  /// Threads  called concurrently, with different tapes
  virtual Var forward(Tape& tape, const Batch& batch) const = 0;
};

/// One field's embedding: the schema's slot, and the table that its ids are looked up in.
struct Embedding {
  std::size_t slot;
  Parameter* table;

  Var operator()(Tape& tape, const Batch& batch) const;
  Lookup lookup(const Batch& batch) const;
};

/// Adds a table "<field>/<what>" with a row for each id of the field. `reg`: see Parameter.
/// Error(not_found) if the schema has no such field.
Embedding add_embedding(ParameterSet& parameters, const Schema& schema, std::string_view field, std::string_view what,
                        std::size_t dim, Start start, double reg = 0);

/// A fully connected layer: x W + b.
struct DenseLayer {
  Parameter* weights;
  Parameter* bias;

  Var operator()(Var x) const;
};

/// Adds "<name>/weights" [in × out], by He's rule (for ReLU to follow) or Glorot's, and "<name>/bias" [1 × out], 0.
DenseLayer add_layer(ParameterSet& parameters, std::string_view name, std::size_t in, std::size_t out,
                     bool before_relu = true);

}  // namespace gusto::nn
