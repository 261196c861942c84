#include "gusto/models/neural/embedding_models.h"

namespace gusto {
namespace {

constexpr Abilities factor_abilities() {
  Abilities abilities = network_abilities();
  abilities.item_vectors = true;
  return abilities;
}

constexpr auto kDotFields = network_fields<EmbeddingDotOptions>();
constexpr auto kEmbeddingBiasFields = network_fields<EmbeddingBiasOptions>();
constexpr auto kProductFields =
    join(fields(field<&EmbeddingProductOptions::biases>("biases", "Whether user and item biases join."),
                text<&EmbeddingProductOptions::hidden>("hidden", "Widths of hidden layers, as in 10; empty for none."),
                field<&EmbeddingProductOptions::dropout>("dropout", between(0, 0.95), search_linear(0, 0.5),
                                                         "Share of the product's numbers left out in training.")),
         network_fields<EmbeddingProductOptions>());
constexpr auto kDenseFields = join(layers_fields<EmbeddingDenseOptions>(), network_fields<EmbeddingDenseOptions>());
constexpr auto kCosineFields = network_fields<CosineOptions>();

}  // namespace

// Defaults were chosen on inner validation parts of ml-1m and ml-latest-small.
EmbeddingDotOptions::EmbeddingDotOptions() {
  learning_rate = 0.006;
  reg = 0.06;
  init = 0.02;
}
EmbeddingBiasOptions::EmbeddingBiasOptions() {
  learning_rate = 0.002;
  reg = 0.05;
  init = 0.02;
}
EmbeddingProductOptions::EmbeddingProductOptions() {
  learning_rate = 0.004;
  reg = 0.1;
}
EmbeddingDenseOptions::EmbeddingDenseOptions() {
  dim = 32;
  init = 1;
  learning_rate = 0.004;
  reg = 0.05;
}
CosineOptions::CosineOptions() { learning_rate = 0.005; }

NetworkDesign EmbeddingDotOptions::design() const { return {.interaction = Interaction::dot, .offset = false}; }
NetworkDesign EmbeddingBiasOptions::design() const { return {.interaction = Interaction::dot, .biases = true}; }
NetworkDesign EmbeddingProductOptions::design() const {
  return {.interaction = Interaction::multiply, .hidden = hidden, .dropout = dropout, .biases = biases};
}
NetworkDesign EmbeddingDenseOptions::design() const {
  return {.interaction = Interaction::concat, .hidden = hidden, .dropout = dropout, .input_dropout = input_dropout};
}
NetworkDesign CosineOptions::design() const { return {.interaction = Interaction::cosine, .offset = false}; }

constexpr ModelInfo kEmbeddingDotInfo{
    .name = "embedding-dot",
    .summary = "The inner product of a user's and an item's embedding.",
    .about =
        "The plainest network: z = p_u.q_i, and a rating is that number in units of the ratings' standard deviation. "
        "Embeddings "
        "start so that "
        "the product is the mean rating, then learn by Adam. A baseline for the networks with more in them: without "
        "biases the "
        "vectors have to spend themselves on who rates high and what is liked by all. "
        "Source: Koren, Bell, Volinsky: Matrix factorization techniques, IEEE Computer 2009, without its biases.",
    .fields = kDotFields,
    .abilities = factor_abilities(),
    .make = &make_with<EmbeddingDotModel>,
};

constexpr ModelInfo kEmbeddingBiasInfo{
    .name = "embedding-bias",
    .summary = "Inner product of embeddings and biases, squashed to the rating range.",
    .about =
        "z = c + b_u + b_i + p_u.q_i; a rating is low + (high - low) sigmoid(z), a probability sigmoid(z). The sigmoid "
        "keeps "
        "predictions within the range and lets extreme ones saturate. The network to try first: fast, and hard to beat "
        "on ratings "
        "of known users. Source: Koren, Bell, Volinsky: Matrix factorization techniques, IEEE Computer 2009; the "
        "sigmoid as in "
        "Salakhutdinov & Mnih: Probabilistic matrix factorization, NIPS 2007.",
    .fields = kEmbeddingBiasFields,
    .abilities = factor_abilities(),
    .make = &make_with<EmbeddingBiasModel>,
};

constexpr ModelInfo kEmbeddingProductInfo{
    .name = "embedding-product",
    .summary = "Element-wise product of embeddings, dropout, and a linear or small dense layer.",
    .about =
        "x = dropout(p_u * q_i), element by element; z = w.x + c, in units of the ratings' standard deviation. With "
        "biases=true, "
        "b_u + b_i join; "
        "with hidden=10, x goes through a ReLU layer first: the three models of a well-known Keras tutorial. "
        "Weighting the coordinates is the first step from a factorization to a network "
        "(generalized matrix factorization in He et al.: Neural collaborative filtering, WWW 2017).",
    .fields = kProductFields,
    .abilities = network_abilities(),
    .make = &make_with<EmbeddingProductModel>,
};

constexpr ModelInfo kEmbeddingDenseInfo{
    .name = "embedding-dense",
    .summary = "Embeddings side by side through hidden layers.",
    .about =
        "x = (p_u, q_i) goes through hidden ReLU layers to one number z, squashed to the rating range. It takes any "
        "further field "
        "(see feature-dense), but has to learn products that an inner product has by nature, and on ids alone stays "
        "behind "
        "embedding-bias (Rendle et al.: Neural collaborative filtering vs. matrix factorization revisited, RecSys "
        "2020). Source: "
        "the multi-layer perceptron of He et al.: Neural collaborative filtering, WWW 2017.",
    .fields = kDenseFields,
    .abilities = network_abilities(),
    .make = &make_with<EmbeddingDenseModel>,
};

constexpr ModelInfo kCosineInfo{
    .name = "cosine",
    .summary = "Cosine of a user's and an item's embedding, as a probability or a rating.",
    .about =
        "sigmoid(z) = (1 + cos(p_u, q_i)) / 2 is the probability of a like, learned by log loss, or the place in the "
        "rating range. "
        "Directions alone count, so similarities of users and of items are in the same units as predictions. Meant for "
        "likes.",
    .fields = kCosineFields,
    .abilities = network_abilities(),
    .make = &make_with<CosineModel>,
};

}  // namespace gusto
