#pragma once

/// Networks over user, item and their features. "auto" takes every feature of either side but texts.

#include <string>

#include "gusto/models/neural/designed_model.h"

namespace gusto {

/// x = embeddings of user, item and features side by side, hidden layers, scaled sigmoid output.
struct FeatureDenseOptions : NetworkOptions {
  std::string fields = "auto";
  std::string hidden = "64-32";
  double dropout = 0.1;
  double input_dropout = 0.2;
  FeatureDenseOptions();
  NetworkDesign design() const;
  bool linear_output() const { return false; }
};
extern const ModelInfo kFeatureDenseInfo;
using FeatureDenseModel = DesignedModel<FeatureDenseOptions, kFeatureDenseInfo>;

/// A linear part on ids, features and crosses, added to a deep part.
struct WideDeepOptions : NetworkOptions {
  std::string fields = "auto";
  std::string wide = "auto";
  int wide_buckets = 100000;
  std::string hidden = "64-32";
  double dropout = 0.1;
  double input_dropout = 0.3;
  WideDeepOptions();
  NetworkDesign design() const;
  bool linear_output() const { return false; }
};
extern const ModelInfo kWideDeepInfo;
using WideDeepModel = DesignedModel<WideDeepOptions, kWideDeepInfo>;

/// First order, pairwise factorization machine, and a deep part on the same embeddings.
struct DeepFmOptions : NetworkOptions {
  std::string fields = "auto";
  std::string hidden = "64-32";
  double dropout = 0.5;
  double input_dropout = 0.5;
  DeepFmOptions();
  NetworkDesign design() const;
  bool linear_output() const { return false; }
};
extern const ModelInfo kDeepFmInfo;
using DeepFmModel = DesignedModel<DeepFmOptions, kDeepFmInfo>;

/// Whatever its options compose.
struct ComposedOptions : NetworkOptions {
  std::string fields = "user, item";
  std::string wide;
  int wide_buckets = 100000;
  Interaction interaction = Interaction::dot;
  int cross_layers = 2;
  std::string hidden;
  Activation activation = Activation::relu;
  Normalization normalization = Normalization::none;
  double dropout = 0;
  double input_dropout = 0;
  bool biases = true;
  bool linear = false;
  ComposedOptions();
  NetworkDesign design() const;
  bool linear_output() const { return linear; }
};
extern const ModelInfo kNetworkInfo;
using ComposedModel = DesignedModel<ComposedOptions, kNetworkInfo>;

}  // namespace gusto
