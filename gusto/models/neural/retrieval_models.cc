#include "gusto/models/neural/retrieval_models.h"

namespace gusto {
namespace {

template <class Options>
constexpr auto query_rows(std::string_view meaning) {
  return fields(text<&Options::query_fields, Options>("query_fields", meaning));
}

constexpr auto kTwoTowerFields = join(
    query_rows<TwoTowerOptions>("What is known of the user: user, age, time.hour, rated(100, value), …; auto: the id, "
                                "numbers, and what groups users."),
    fields(text<&TwoTowerOptions::item_fields>("item_fields",
                                               "What is known of items: item, genres, words(title, 2000), …; "
                                               "auto: the id, numbers, and what groups items."),
           text<&TwoTowerOptions::item_hidden>(
               "item_hidden",
               "Widths of the item's hidden layers, as in 128-64; a layer of dim follows. Empty for none.")),
    tower_fields<TwoTowerOptions>());
constexpr auto kSoftmaxFields =
    join(query_rows<SoftmaxOptions>("What is known of the user: history(100, value, recent), history.count, age, …; "
                                    "auto: numbers, and what groups users."),
         tower_fields<SoftmaxOptions>());

}  // namespace

TwoTowerOptions::TwoTowerOptions() {
  dim = 128;
  temperature = 0.13;
  unknown_rate = 0.05;
}
SoftmaxOptions::SoftmaxOptions() {
  query_hidden = "128";
  target = TowerTarget::next;
}

constexpr ModelInfo kTwoTowerInfo{
    .name = "two-tower",
    .summary = "A vector for the user and one for each item, from any features.",
    .about =
        "One tower turns what is known of the user (id, features, time, history) into a vector, the other one "
        "what is known of an item (id, features, words of its title); the score is their cosine, or inner product. "
        "An event's item is contrasted with the other items of its batch by a softmax, corrected for how often these "
        "occur, and from further drawn ones if asked for. New items are reached through their features, new people "
        "through features and the items that they have, without training again; finding the best of millions takes "
        "an index over vectors. Source: Yi et al., Sampling-bias-corrected neural modeling for large corpus item "
        "recommendations, RecSys 2019; TensorFlow Recommenders.",
    .fields = kTwoTowerFields,
    .abilities = tower_abilities(/*cold_items=*/true),
    .make = &make_with<TwoTowerModel>,
};

constexpr ModelInfo kSoftmaxInfo{
    .name = "softmax",
    .summary = "A network over the watch history, with a softmax over the catalog.",
    .about =
        "What the user has done, as a weighted mean of their items' embeddings, and their features go through "
        "hidden ReLU layers to a vector psi; items are in the softmax by the cosines, or inner products, of their "
        "vectors with psi. Trained on the batch's items, on the full softmax, or on a sample of negatives: uniform, by "
        "popularity, or hard ones in proportion to their present score, each with its correction. Who asks does "
        "not go in, only what they did, so that it answers for anyone with a history. It learns what people turn "
        "to next, and no history holds anything later than its target: for events that are withheld at random rather "
        "than latest, "
        "target=later without hidden layers does better, or two-tower. Source: Covington, Adams, Sargin, Deep "
        "neural networks for YouTube recommendations, RecSys 2016.",
    .fields = kSoftmaxFields,
    .abilities = tower_abilities(/*cold_items=*/false),
    .make = &make_with<SoftmaxModel>,
};

}  // namespace gusto
