/// A recommender of your own in one file: its options and its network. The gusto command compares, trains, keeps and
/// asks it, beside all of gusto's own models.
///
///   z = p_u · (q_i + V relu(W g_i + a) + c) + b_u + b_i       a rating is low + (high − low) σ(z)
///
/// p_u, q_i are embeddings of user and item, b_u, b_i their biases, and g_i is the mean of the embeddings of the item's
/// genres, from which a small dense layer makes a vector beside the item's own: new films have one as well.
///
///   custom_model compare --models popularity,embedding-bias,genre-mlp
///   custom_model train --model genre-mlp --set hidden=32 --out genres.gusto
///   custom_model recommend genres.gusto --user 42
///   custom_model models genre-mlp

#include <gusto/cli/run_command.h>
#include <gusto/models/neural/network_model.h>

using namespace gusto;

/// Its options: those of every network, and one of its own. Help, --set, recipes and the tuner read this table.
struct GenreOptions : NetworkOptions {
  int hidden = 16;
};
constexpr auto kGenreFields = join(network_fields<GenreOptions>(),
                                   fields(field<&GenreOptions::hidden>("hidden", between(1, 1024), search_log(4, 64),
                                                                       "Width of the layer that genres go through.")));

/// The network: what it learns, and its forward pass.
class GenreNetwork final : public nn::Network {
 public:
  GenreNetwork(const GenreOptions& options, const NetworkPlan& plan) {
    const auto embed = [&](const char* field, const char* what, int width, nn::Start start) {
      return nn::add_embedding(plan.parameters, plan.schema, field, what, width, start, options.reg);
    };
    users_ = embed("user", "embedding", plan.dim, nn::Start::normal(0.01F));
    items_ = embed("item", "embedding", plan.dim, nn::Start::normal(0.01F));
    genres_ = embed("genres", "embedding", plan.dim, nn::Start::normal(0.01F));
    user_bias_ = embed("user", "bias", 1, nn::Start::constant(0));
    item_bias_ = embed("item", "bias", 1, nn::Start::constant(static_cast<float>(plan.center)));
    hidden_ = nn::add_layer(plan.parameters, "hidden", plan.dim, options.hidden);
    output_ = nn::add_layer(plan.parameters, "output", options.hidden, plan.dim, /*before_relu=*/false);
  }

  nn::Var forward(nn::Tape& tape, const nn::Batch& batch) const override {
    const nn::Var item = items_(tape, batch) + output_(relu(hidden_(genres_(tape, batch))));  // [batch × dim]
    return dot(users_(tape, batch), item) + user_bias_(tape, batch) + item_bias_(tape, batch);
  }

 private:
  nn::Embedding users_, items_, genres_, user_bias_, item_bias_;
  nn::DenseLayer hidden_, output_;
};

/// The model: training, prediction, ranking, new users, similarity and files come with NetworkModel.
extern const ModelInfo kGenreInfo;
class GenreModel final : public NetworkModelWith<GenreOptions, kGenreInfo> {
  using NetworkModelWith::NetworkModelWith;
  std::string input_fields(const Dataset&) const override { return "user, item, genres"; }
  std::unique_ptr<nn::Network> build(const NetworkPlan& plan) const override {
    return std::make_unique<GenreNetwork>(options(), plan);
  }
};
constexpr ModelInfo kGenreInfo{.name = "genre-mlp",
                               .summary = "Vectors of items, with what a small dense layer makes of their genres.",
                               .about =
                                   "A user's vector times the sum of the item's own and one made of its genres, and "
                                   "both biases. For films that are new, but not of a new genre.",
                               .fields = kGenreFields,
                               .abilities = network_abilities(true),
                               .make = &make_with<GenreModel>};

/// The gusto command with one model more.
int main(int argc, char** argv) {
  const ModelInfo* const models[]{&kGenreInfo};
  return run_command(argc, argv, models);
}
