#pragma once

/// Looking up rows of embeddings: the operation of a network that takes bags.

#include <span>

#include "gusto/nn/bag.h"
#include "gusto/nn/var.h"

namespace gusto::nn {

struct Parameter;

/// y_r = Σ_e w_e · table[id_e] over the entries of example r: one row, a mean, or a scaled direction (see Bag).
/// [bag.rows × table cols]. Rows of training with weight decay are read as decayed up to now.
Var embedding_lookup(Tape& tape, Parameter& table, const Bag& bag);

/// One field to look up.
struct Lookup {
  Parameter* table;
  Bag bag;
};
/// The lookups side by side: [rows × Σ table cols].
Var embedding_lookup(Tape& tape, std::span<const Lookup> lookups);

}  // namespace gusto::nn
