#include "gusto/models/neural/network_design.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/nn/encoder.h"
#include "gusto/nn/lookup.h"
#include "gusto/nn/ops.h"
#include "gusto/nn/tape.h"

namespace gusto {
namespace {

constexpr std::size_t kWidestLayer = 65536;

void add_once(std::vector<std::string>& texts, const std::string& text) {
  if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
}

std::vector<std::string> deep_fields(const NetworkDesign& design, const Dataset& data) {
  std::vector<std::string> texts;
  for (const nn::FieldSpec& spec : nn::expand_fields(nn::parse_fields(design.fields), data.catalog())) {
    add_once(texts, spec.text);
  }
  return texts;
}

/// The crosses of the user's id and features with the item's.
std::vector<std::string> crosses(const Catalog& catalog, int buckets) {
  std::vector<std::string> of_users{"user"};
  for (const FeatureField& feature : catalog.user_features.fields()) {
    if (nn::groups_rows(feature)) of_users.push_back(feature_field(nn::Side::user, feature.name, catalog).text);
  }
  std::vector<std::string> texts;
  for (const FeatureField& feature : catalog.item_features.fields()) {
    if (!nn::groups_rows(feature)) continue;
    const std::string of_item = feature_field(nn::Side::item, feature.name, catalog).text;
    for (const std::string& of_user : of_users) {
      const std::string text = fmt::format("cross({}, {}, {})", of_user, of_item, buckets);
      texts.push_back(nn::parse_fields(text).front().text);
    }
  }
  return texts;
}

std::vector<std::string> wide_fields(const NetworkDesign& design, const Dataset& data) {
  std::vector<std::string> texts;
  if (design.first_order) texts = deep_fields(design, data);
  if (design.wide.empty()) return texts;
  for (const nn::FieldSpec& spec : nn::parse_fields(design.wide)) {
    if (!spec.is_auto()) {
      add_once(texts, spec.text);
      continue;
    }
    for (const std::string& text : deep_fields(design, data)) add_once(texts, text);
    for (const std::string& text : crosses(data.catalog(), design.wide_buckets)) add_once(texts, text);
  }
  return texts;
}

class ComposedNetwork final : public nn::Network {
 public:
  ComposedNetwork(const NetworkDesign& design, const NetworkOptions& options, const NetworkPlan& plan)
      : design_(design), reg_(options.reg) {
    hidden_widths_ = parse_widths(design.hidden);
    add_linear(plan);
    if (design.offset) {
      offset_ = &plan.parameters.add("offset", nn::ParameterKind::offsets, 1, 1,
                                     nn::Start::constant(static_cast<float>(plan.center)));
    }
    if (design.interaction == Interaction::none && hidden_widths_.empty()) {
      if (!linear_.empty()) return;
      throw Error(ErrorCode::invalid_option,
                  "The network has no parts: interaction is none, and there is nothing beside.",
                  "Choose an interaction, or give it hidden layers, biases or wide fields.");
    }
    add_embeddings(options, plan);
    add_layers(plan.parameters, plan.dim);
  }

  nn::Var forward(nn::Tape& tape, const nn::Batch& batch) const override {
    std::optional<nn::Var> z;
    const auto join = [&](nn::Var part) { z = z ? *z + part : part; };
    if (!linear_.empty()) join(row_sum(look_up(tape, batch, linear_)));
    std::optional<nn::Var> all;  // all embeddings side by side
    if (needs_all()) all = look_up(tape, batch, embeddings_);
    std::optional<nn::Var> x;  // what goes through the hidden layers
    if (all && output_) x = dropout(*all, design_.input_dropout);
    switch (design_.interaction) {
      case Interaction::none: break;
      case Interaction::concat: break;
      case Interaction::multiply:
        x = dropout(side(tape, batch, all, true) * side(tape, batch, all, false), design_.dropout);
        break;
      case Interaction::dot: join(dot(side(tape, batch, all, true), side(tape, batch, all, false))); break;
      case Interaction::cosine:
        join(cosine_logit(cosine(side(tape, batch, all, true), side(tape, batch, all, false))));
        break;
      case Interaction::fm: join(row_sum(fm_pooling(*all, embeddings_.size()))); break;
      case Interaction::cross: join((*cross_output_)(crossed(*all))); break;
    }
    if (output_) {
      for (const HiddenLayer& layer : hidden_) x = pass(layer, *x);
      join((*output_)(*x));
    }
    return offset_ != nullptr ? *z + tape.parameter(*offset_) : *z;
  }

 private:
  struct HiddenLayer {
    nn::DenseLayer dense;
    nn::Parameter *gain = nullptr, *offset = nullptr, *mean = nullptr, *variance = nullptr;  // of a normalization
  };

  void add_linear(const NetworkPlan& plan) {
    const auto add = [&](const std::string& field, std::string_view what) {
      linear_.push_back(add_embedding(plan.parameters, plan.schema, field, what, 1, nn::Start::constant(0), reg_));
    };
    for (const std::string& field : wide_fields(design_, plan.data)) add(field, "weight");
    if (design_.biases) {
      add("user", "bias");
      add("item", "bias");
    }
  }

  /// The width of a field's embedding: dim, but where nothing asks for equal widths a field with few ids gets a
  /// narrower one, by the rule of thumb 1.6 · ids^0.56, rounded up to whole cache lines.
  std::size_t width_of(std::size_t ids, std::size_t dim) const {
    if (design_.interaction != Interaction::concat && design_.interaction != Interaction::cross) return dim;
    constexpr std::size_t kLine = 16;
    const double rule = 1.6 * std::pow(static_cast<double>(ids), 0.56);
    return std::min(dim, (static_cast<std::size_t>(rule) / kLine + 1) * kLine);
  }

  void add_embeddings(const NetworkOptions& options, const NetworkPlan& plan) {
    const std::size_t dim = plan.dim;
    const auto deviation = static_cast<float>(options.init / std::sqrt(static_cast<double>(dim)));
    // An inner product without an offset starts at the targets' mean.
    const bool bare = design_.interaction == Interaction::dot && !design_.offset;
    const auto share = static_cast<float>(std::sqrt(std::abs(plan.center) / static_cast<double>(dim)));
    for (const std::string& field : deep_fields(design_, plan.data)) {
      const nn::SchemaField& learned = plan.schema[plan.schema.slot(field)];
      const bool of_item = learned.side == nn::Side::item;
      float mean = 0;
      if (bare && field == "user") mean = share;
      if (bare && field == "item") mean = plan.center < 0 ? -share : share;
      embeddings_.push_back(add_embedding(plan.parameters, plan.schema, field, "embedding", width_of(learned.rows, dim),
                                          nn::Start::normal(deviation, mean), reg_));
      (of_item ? item_side_ : user_side_).push_back(embeddings_.size() - 1);
    }
    const bool needs_sides = design_.interaction == Interaction::dot || design_.interaction == Interaction::cosine ||
                             design_.interaction == Interaction::multiply;
    if (needs_sides && (user_side_.empty() || item_side_.empty())) {
      throw Error(ErrorCode::invalid_option,
                  fmt::format("The interaction {} needs fields of both sides, and the fields are: {}.",
                              kInteractionNames[static_cast<std::size_t>(design_.interaction)], design_.fields),
                  "Name at least user and item.");
    }
  }

  void add_layers(nn::ParameterSet& parameters, std::size_t dim) {
    std::size_t all = 0;
    for (const nn::Embedding& embedding : embeddings_) all += embedding.table->values.cols();
    if (design_.interaction == Interaction::cross) {
      for (int layer = 0; layer < design_.cross_layers; ++layer) {
        cross_.push_back(nn::add_layer(parameters, fmt::format("cross{}", layer + 1), all, all, false));
      }
      cross_output_ = nn::add_layer(parameters, "cross_output", all, 1, false);
    }
    std::size_t width = design_.interaction == Interaction::multiply ? dim : all;
    for (std::size_t layer = 0; layer < hidden_widths_.size(); ++layer) {
      const std::string name = fmt::format("hidden{}", layer + 1);
      HiddenLayer added;
      added.dense = nn::add_layer(parameters, name, width, hidden_widths_[layer]);
      width = hidden_widths_[layer];
      const auto add = [&](std::string_view what, nn::ParameterKind kind, float start) {
        return &parameters.add(fmt::format("{}/{}", name, what), kind, 1, width, nn::Start::constant(start));
      };
      if (design_.normalization != Normalization::none) {
        added.gain = add("gain", nn::ParameterKind::offsets, 1);
        added.offset = add("offset", nn::ParameterKind::offsets, 0);
      }
      if (design_.normalization == Normalization::batch) {
        added.mean = add("mean", nn::ParameterKind::offsets, 0);
        added.variance = add("variance", nn::ParameterKind::offsets, 1);
      }
      hidden_.push_back(added);
    }
    const bool deep = design_.interaction == Interaction::concat || design_.interaction == Interaction::multiply;
    if (deep || !hidden_.empty()) output_ = nn::add_layer(parameters, "output", width, 1, false);
  }

  bool needs_all() const {
    return design_.interaction == Interaction::concat || design_.interaction == Interaction::fm ||
           design_.interaction == Interaction::cross ||
           (design_.interaction != Interaction::multiply && !hidden_widths_.empty());
  }

  static nn::Var look_up(nn::Tape& tape, const nn::Batch& batch, const std::vector<nn::Embedding>& embeddings) {
    const std::span<nn::Lookup> lookups = tape.arena().allocate<nn::Lookup>(embeddings.size());
    std::transform(embeddings.begin(), embeddings.end(), lookups.begin(),
                   [&](const nn::Embedding& embedding) { return embedding.lookup(batch); });
    return nn::embedding_lookup(tape, lookups);
  }

  /// The sum of one side's embeddings.
  nn::Var side(nn::Tape& tape, const nn::Batch& batch, const std::optional<nn::Var>& all, bool user) const {
    std::optional<nn::Var> sum;
    for (const std::size_t e : user ? user_side_ : item_side_) {
      const std::size_t dim = embeddings_[e].table->values.cols();
      const nn::Var one = all ? columns(*all, e * dim, (e + 1) * dim) : embeddings_[e](tape, batch);
      sum = sum ? *sum + one : one;
    }
    return *sum;
  }

  nn::Var crossed(nn::Var x0) const {
    nn::Var x = x0;
    for (const nn::DenseLayer& layer : cross_) x = x0 * layer(x) + x;
    return x;
  }

  nn::Var pass(const HiddenLayer& layer, nn::Var x) const {
    x = layer.dense(x);
    if (design_.normalization == Normalization::layer) x = layer_norm(x, *layer.gain, *layer.offset);
    if (design_.normalization == Normalization::batch) {
      x = batch_norm(x, {layer.gain, layer.offset, layer.mean, layer.variance});
    }
    switch (design_.activation) {
      case Activation::relu: x = relu(x); break;
      case Activation::gelu: x = gelu(x); break;
      case Activation::tanh: x = tanh(x); break;
      case Activation::sigmoid: x = sigmoid(x); break;
    }
    return dropout(x, design_.dropout);
  }

  const NetworkDesign design_;
  double reg_;
  std::vector<std::size_t> hidden_widths_;
  std::vector<nn::Embedding> linear_;               // wide weights and biases, one wide
  std::vector<nn::Embedding> embeddings_;           // deep
  std::vector<std::size_t> user_side_, item_side_;  // positions in embeddings_
  nn::Parameter* offset_ = nullptr;
  std::vector<nn::DenseLayer> cross_;
  std::optional<nn::DenseLayer> cross_output_;
  std::vector<HiddenLayer> hidden_;
  std::optional<nn::DenseLayer> output_;
};

}  // namespace

std::vector<std::size_t> parse_widths(std::string_view text, std::string_view option) {
  std::vector<std::size_t> widths;
  for (std::string_view rest = text; !rest.empty();) {
    std::size_t width = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), width);
    const auto read = static_cast<std::size_t>(end - rest.data());
    const bool last = read == rest.size();
    if (error != std::errc() || width == 0 || width > kWidestLayer ||
        (!last && (rest[read] != '-' || read + 1 == rest.size()))) {
      throw Error(
          ErrorCode::invalid_option,
          fmt::format("The option {} is {}, which is no list of layers' widths.", option, quote(text)),
          fmt::format("Write widths from 1 to {} with hyphens between them, as in 64-32, or nothing.", kWidestLayer));
    }
    widths.push_back(width);
    rest.remove_prefix(last ? read : read + 1);
  }
  return widths;
}

std::string all_fields(const NetworkDesign& design, const Dataset& data) {
  std::vector<std::string> texts = deep_fields(design, data);
  if (design.biases) {
    for (const std::string_view id : {"user", "item"}) add_once(texts, std::string(id));
  }
  for (const std::string& text : wide_fields(design, data)) add_once(texts, text);
  return join(texts, ", ");
}

std::unique_ptr<nn::Network> build_network(const NetworkDesign& design, const NetworkOptions& options,
                                           const NetworkPlan& plan) {
  return std::make_unique<ComposedNetwork>(design, options, plan);
}

}  // namespace gusto
