#pragma once

/// Networks over the embeddings of user and item alone. Formulas: z is the network's output (see NetworkModel), p_u and
/// q_i are embeddings of `dim` numbers.

#include <cstddef>
#include <string>

#include "gusto/models/neural/designed_model.h"
#include "gusto/models/neural/factor_model.h"

namespace gusto {

/// z = p_u · q_i, linear output: a rating is the inner product, in units of the values' standard deviation.
struct EmbeddingDotOptions : NetworkOptions {
  EmbeddingDotOptions();
  NetworkDesign design() const;
  bool linear_output() const { return true; }
};
extern const ModelInfo kEmbeddingDotInfo;
using EmbeddingDotModel = FactorModel<EmbeddingDotOptions, kEmbeddingDotInfo>;

/// z = c + b_u + b_i + p_u · q_i, scaled sigmoid output.
struct EmbeddingBiasOptions : NetworkOptions {
  EmbeddingBiasOptions();
  NetworkDesign design() const;
  bool linear_output() const { return false; }
};
extern const ModelInfo kEmbeddingBiasInfo;
using EmbeddingBiasModel = FactorModel<EmbeddingBiasOptions, kEmbeddingBiasInfo>;

/// x = dropout(p_u ∘ q_i), z = w · x + c, linear output; with biases, + b_u + b_i; with hidden layers, x goes through
/// them first: the three Keras models of the article "Movie recommender model in Keras".
struct EmbeddingProductOptions : NetworkOptions {
  bool biases = false;
  std::string hidden;
  double dropout = 0.2;
  EmbeddingProductOptions();
  NetworkDesign design() const;
  bool linear_output() const { return true; }
};
extern const ModelInfo kEmbeddingProductInfo;
using EmbeddingProductModel = DesignedModel<EmbeddingProductOptions, kEmbeddingProductInfo>;

/// x = (p_u, q_i) side by side, hidden layers, scaled sigmoid output.
struct EmbeddingDenseOptions : NetworkOptions {
  std::string hidden = "64-32";
  double dropout = 0.1;
  double input_dropout = 0.2;
  EmbeddingDenseOptions();
  NetworkDesign design() const;
  bool linear_output() const { return false; }
};
extern const ModelInfo kEmbeddingDenseInfo;
using EmbeddingDenseModel = DesignedModel<EmbeddingDenseOptions, kEmbeddingDenseInfo>;

/// z = log((1 + cos) / (1 − cos)) of p_u and q_i, so that σ(z) = (1 + cos) / 2.
struct CosineOptions : NetworkOptions {
  CosineOptions();
  NetworkDesign design() const;
  bool linear_output() const { return false; }
};
extern const ModelInfo kCosineInfo;
using CosineModel = DesignedModel<CosineOptions, kCosineInfo>;

}  // namespace gusto
