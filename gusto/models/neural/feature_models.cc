#include "gusto/models/neural/feature_models.h"

namespace gusto {
namespace {

constexpr Abilities kAbilities = network_abilities(/*cold_items=*/true);

template <class Options>
constexpr auto deep_inputs() {
  return join(fields(text<&Options::fields, Options>("fields",
                                                     "Fields with embeddings: user, item, genres, bucket(age, 10), …; "
                                                     "auto: ids, numbers, and what groups users or items.")),
              layers_fields<Options>());
}

template <class Options>
constexpr auto wide_inputs() {
  return fields(text<&Options::wide, Options>("wide",
                                              "Fields of the linear part; auto: the deep ones, and crosses of the "
                                              "user's id and features with the item's features."),
                field<&Options::wide_buckets, Options>("wide_buckets", between(2, 1 << 24), search_none(),
                                                       "Buckets of each automatic cross."));
}

constexpr auto kFeatureDenseFields = join(deep_inputs<FeatureDenseOptions>(), network_fields<FeatureDenseOptions>());
constexpr auto kWideDeepFields =
    join(deep_inputs<WideDeepOptions>(), wide_inputs<WideDeepOptions>(), network_fields<WideDeepOptions>());
constexpr auto kDeepFmFields = join(deep_inputs<DeepFmOptions>(), network_fields<DeepFmOptions>());
constexpr auto kComposedFields = join(
    deep_inputs<ComposedOptions>(), wide_inputs<ComposedOptions>(),
    fields(choice<&ComposedOptions::interaction>("interaction", kInteractionNames, "What becomes of the embeddings."),
           field<&ComposedOptions::cross_layers>("cross_layers", between(1, 32), search_linear(1, 4),
                                                 "Layers of the interaction cross."),
           choice<&ComposedOptions::activation>("activation", kActivationNames, "After each hidden layer."),
           choice<&ComposedOptions::normalization>("normalization", kNormalizationNames,
                                                   "Before each activation, over the batch or the layer."),
           field<&ComposedOptions::biases>("biases", "Whether user and item biases join."),
           field<&ComposedOptions::linear>("linear", "Ratings: a linear output in place of the scaled sigmoid.")),
    network_fields<ComposedOptions>());

}  // namespace

// Defaults were chosen on inner validation parts of ml-1m and ml-latest-small.
FeatureDenseOptions::FeatureDenseOptions() {
  dim = 32;
  reg = 0.01;
}
WideDeepOptions::WideDeepOptions() {
  dim = 32;
  reg = 0.01;
}
DeepFmOptions::DeepFmOptions() {
  dim = 16;
  learning_rate = 0.004;
  reg = 0.05;
  init = 0.02;
}
ComposedOptions::ComposedOptions() {
  learning_rate = 0.004;
  reg = 0.05;
  init = 0.02;
}

NetworkDesign FeatureDenseOptions::design() const {
  return {.fields = fields,
          .interaction = Interaction::concat,
          .hidden = hidden,
          .dropout = dropout,
          .input_dropout = input_dropout};
}
NetworkDesign WideDeepOptions::design() const {
  return {.fields = fields,
          .wide = wide,
          .wide_buckets = wide_buckets,
          .interaction = Interaction::concat,
          .hidden = hidden,
          .dropout = dropout,
          .input_dropout = input_dropout};
}
NetworkDesign DeepFmOptions::design() const {
  return {.fields = fields,
          .first_order = true,
          .interaction = Interaction::fm,
          .hidden = hidden,
          .dropout = dropout,
          .input_dropout = input_dropout};
}
NetworkDesign ComposedOptions::design() const {
  return {.fields = fields,
          .wide = wide,
          .wide_buckets = wide_buckets,
          .interaction = interaction,
          .cross_layers = cross_layers,
          .hidden = hidden,
          .activation = activation,
          .normalization = normalization,
          .dropout = dropout,
          .input_dropout = input_dropout,
          .biases = biases};
}

constexpr ModelInfo kFeatureDenseInfo{
    .name = "feature-dense",
    .summary = "Embeddings of ids and features side by side through hidden layers.",
    .about =
        "The embeddings of user, item and every feature of either side (or the fields named) go side by side through "
        "hidden ReLU "
        "layers to one number z, squashed to the rating range. A new item is answered for by its features, a new user "
        "by "
        "theirs and by what their history says. To use where features are good and events few. Source: the deep part "
        "of Cheng et al.: "
        "Wide & deep learning for recommender systems, DLRS 2016.",
    .fields = kFeatureDenseFields,
    .abilities = kAbilities,
    .make = &make_with<FeatureDenseModel>,
};

constexpr ModelInfo kWideDeepInfo{
    .name = "wide-deep",
    .summary = "A linear part on ids, features and their crosses beside a deep part.",
    .about =
        "z = wide + deep: the wide part has one weight for each id, each feature value and each hashed cross, such as "
        "a user with a "
        "genre, and remembers; the deep part is feature-dense and generalizes; both are trained together. To use where "
        "combinations of "
        "features matter by themselves. Source: Cheng et al.: Wide & deep learning for recommender systems, DLRS 2016, "
        "with one "
        "optimizer for both parts.",
    .fields = kWideDeepFields,
    .abilities = kAbilities,
    .make = &make_with<WideDeepModel>,
};

constexpr ModelInfo kDeepFmInfo{
    .name = "deepfm",
    .summary = "Factorization machine over all fields, with a deep part on the same embeddings.",
    .about =
        "z = c + sum of w_f + sum over pairs of fields of v_f.v_g + deep(v): first order, the pairwise products of a "
        "factorization "
        "machine, and hidden layers, all on one set of embeddings of ids and features. The strongest of these networks "
        "for likes. "
        "Source: Guo et al.: DeepFM, IJCAI 2017; Rendle: Factorization machines, ICDM 2010.",
    .fields = kDeepFmFields,
    .abilities = kAbilities,
    .make = &make_with<DeepFmModel>,
};

constexpr ModelInfo kNetworkInfo{
    .name = "network",
    .summary = "A network that its options compose: fields, interaction, layers, loss.",
    .about =
        "z = c + biases + wide + interaction + deep, each part as the options say: embeddings of any fields (ids, "
        "features, ranges "
        "of numbers, hashed crosses, words of texts, parts of the time, the user's history), joined by inner product, "
        "cosine, "
        "element-wise product, factorization machine, cross layers (Wang et al.: DCN V2, WWW 2021) or side by side, "
        "with hidden "
        "layers, normalization and dropout. To use when none of the ready-made networks fits.",
    .fields = kComposedFields,
    .abilities = kAbilities,
    .make = &make_with<ComposedModel>,
};

}  // namespace gusto
