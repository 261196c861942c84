#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/models/neural/network_model.h"

namespace gusto {

/// What a network does with the embeddings of its fields.
enum class Interaction {
  concat,    ///< x = all side by side
  multiply,  ///< x = user side ∘ item side, element by element
  dot,       ///< z += user side · item side
  cosine,    ///< z += log((1 + c) / (1 − c)), c the cosine of the two sides, so that σ(z) = (1 + c) / 2
  fm,        ///< z += Σ over pairs of fields of v_f · v_g (factorization machine)
  cross,     ///< x = cross layers of all side by side: x_{l+1} = x_0 ∘ (x_l W_l + b_l) + x_l (DCN-V2)
  none,      ///< only the wide part and the biases
};
inline constexpr std::array<std::string_view, 7> kInteractionNames = {"concat", "multiply", "dot", "cosine",
                                                                      "fm",     "cross",    "none"};

enum class Activation { relu, gelu, tanh, sigmoid };
inline constexpr std::array<std::string_view, 4> kActivationNames = {"relu", "gelu", "tanh", "sigmoid"};

enum class Normalization { none, batch, layer };
inline constexpr std::array<std::string_view, 3> kNormalizationNames = {"none", "batch", "layer"};

/// A network put together from parts. With embeddings v_f of the deep fields (`dim` wide; side by side, in concat and
/// cross, narrower where a field has few ids), a side's vector the sum of its fields' (fields of the
/// event, such as time and history, count as the user's):
///
///   z = offset + biases of user and item + Σ over the wide fields of their weights + interaction(v) + deep(x)
///
/// deep(x) are the hidden layers, each followed by normalization, activation and dropout, and a last layer to one
/// number. x is what the interaction makes; where it makes a number (dot, cosine, fm), and for the deep half of cross,
/// all embeddings side by side, if there are hidden layers.
struct NetworkDesign {
  std::string fields = "user, item";  ///< deep fields, as nn::parse_fields takes them
  /// Wide fields; empty for none. "auto" stands for the deep ones and the crosses, in wide_buckets buckets each, of the
  /// user's id and features with the item's features.
  std::string wide{};
  int wide_buckets = 100000;
  bool first_order = false;  ///< the deep fields are wide ones too
  Interaction interaction = Interaction::concat;
  int cross_layers = 2;
  std::string hidden{};  ///< widths: "64-32"; empty for none
  Activation activation = Activation::relu;
  Normalization normalization = Normalization::none;
  double dropout = 0;        ///< after each hidden layer, and after multiply
  double input_dropout = 0;  ///< of the embeddings on their way into the hidden layers
  bool biases = false;
  bool offset = true;  ///< one number for all
};

/// "64-32" as {64, 32}. Error(invalid_option), naming the option, if it is none.
std::vector<std::size_t> parse_widths(std::string_view text, std::string_view option = "hidden");

/// All fields of a design, as nn::parse_fields takes them: those of the deep part, then those that only the wide part
/// has.
std::string all_fields(const NetworkDesign& design, const Dataset& data);

std::unique_ptr<nn::Network> build_network(const NetworkDesign& design, const NetworkOptions& options,
                                           const NetworkPlan& plan);

}  // namespace gusto
