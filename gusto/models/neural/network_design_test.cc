#include "gusto/models/neural/network_design.h"

#include <cmath>
#include <numeric>

#include <gmock/gmock.h>

#include "gusto/models/testing/networks.h"
#include "gusto/nn/encoder.h"
#include "gusto/nn/tape.h"

namespace gusto {
namespace {

using test::error_of;
using test::small_network;
using test::tastes_with_features;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Widths, AreWrittenWithHyphens) {
  EXPECT_THAT(parse_widths("64-32"), ElementsAre(64, 32));
  EXPECT_THAT(parse_widths("7"), ElementsAre(7));
  EXPECT_THAT(parse_widths("65536-1"), ElementsAre(65536, 1));
  EXPECT_THAT(parse_widths(""), IsEmpty());
}

TEST(Widths, OfOtherFormsAreRefused) {
  for (const char* text : {"64-", "-64", "-", "0", "64-0", "64--32", "64,32", "64 32", "a", "1e3", "6.5", "65537",
                           "99999999999999999999999", "64-32 "}) {
    const Error error = error_of([&] { parse_widths(text); });
    EXPECT_EQ(error.code(), ErrorCode::invalid_option) << text;
    EXPECT_THAT(error.message(), HasSubstr("hidden"));
    EXPECT_THAT(error.message(), HasSubstr(text));
    EXPECT_THAT(error.hint(), HasSubstr("64-32"));
  }
}

TEST(AllFields, AutoIsIdsAndFeaturesButTexts) {
  const auto data = tastes_with_features();
  EXPECT_EQ(all_fields({.fields = "auto"}, *data), "user, item, taste, age, kind, year");
  EXPECT_EQ(all_fields({.fields = "kind, auto, words(title, 50)"}, *data),
            "kind, user, item, taste, age, year, words(title, 50)")
      << "each once, where it is first named";
  EXPECT_EQ(all_fields({.fields = "item"}, *data), "item");
  EXPECT_EQ(all_fields({.fields = "item", .biases = true}, *data), "item, user") << "biases need both";
}

TEST(AllFields, WideAutoAddsCrossesOfTheQueryUsersIdAndFeaturesWithTheItems) {
  const auto data = tastes_with_features();
  EXPECT_EQ(all_fields({.fields = "user, item", .wide = "auto", .wide_buckets = 50}, *data),
            "user, item, cross(user, kind, 50), cross(taste, kind, 50)")
      << "a number has no ids to cross";
  EXPECT_EQ(all_fields({.fields = "user, item", .wide = "kind, item"}, *data), "user, item, kind");
}

TEST(AllFields, ThatAreNoneAreRefused) {
  EXPECT_EQ(error_of([&] { all_fields({.fields = "user, bucket(age"}, *tastes_with_features()); }).code(),
            ErrorCode::invalid_option);
}

using Doubles = std::vector<double>;

/// A design with numbers of its own, on some training examples.
struct RandomNetwork {
  RandomNetwork(const NetworkDesign& network_design, NetworkOptions options = small_network())
      : design(network_design), encoder(*data, nn::Schema::learn(*data, nn::parse_fields(all_fields(design, *data)))) {
    network =
        build_network(design, options, {encoder.data(), encoder.schema(), parameters, Task::ratings, /*center=*/0.3});
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      Random random(5, parameters[p].name);
      for (float& x : parameters[p].values.values()) x = static_cast<float>(0.5 * random.normal());
      if (parameters[p].name.ends_with("/variance")) {
        for (float& x : parameters[p].values.values()) x = x * x + 0.1F;
      }
    }
  }

  std::vector<float> forward() {
    std::vector<nn::Example> examples;
    for (std::size_t u = 0; u < 20; ++u) {
      const std::uint64_t event = data->offsets()[u];
      examples.push_back({static_cast<std::uint32_t>(event), UserRow(u), data->items()[event]});
    }
    tape.begin(nn::Mode::infer);
    batch = encoder.encode(examples, {}, tape.arena());
    const nn::Var z = network->forward(tape, batch);
    EXPECT_EQ(z.cols(), 1U);
    std::vector<float> out;
    for (std::size_t r = 0; r < z.rows(); ++r) out.push_back(z.value()(r, 0));
    return out;
  }

  std::shared_ptr<const Dataset> data = tastes_with_features();
  NetworkDesign design;
  nn::Encoder encoder;
  nn::ParameterSet parameters;
  std::unique_ptr<nn::Network> network;
  nn::Tape tape;
  nn::Batch batch;
};

/// The same in double precision, straight from the formulas of NetworkDesign.
class PlainNetwork {
 public:
  explicit PlainNetwork(const RandomNetwork& built) : built_(built), design_(built.design) {}

  double forward(std::size_t row) const {
    double z = design_.offset ? at("offset", 0, 0) : 0;
    std::vector<Doubles> vectors;
    Doubles user, item, all;
    for (std::size_t p = 0; p < built_.parameters.size(); ++p) {
      const nn::Parameter& table = built_.parameters[p];
      if (table.kind != nn::ParameterKind::embedding) continue;
      const Doubles v = looked_up(table, row);
      if (!table.name.ends_with("/embedding")) {
        z += v[0];
        continue;
      }
      const nn::Schema& schema = built_.encoder.schema();
      Doubles& side = schema[schema.slot(table.field)].side == nn::Side::item ? item : user;
      side.resize(v.size());
      for (std::size_t c = 0; c < v.size(); ++c) side[c] += v[c];
      all.insert(all.end(), v.begin(), v.end());
      vectors.push_back(v);
    }
    Doubles x = all;
    switch (design_.interaction) {
      case Interaction::none:
      case Interaction::concat: break;
      case Interaction::multiply:
        x = user;
        for (std::size_t c = 0; c < x.size(); ++c) x[c] *= item[c];
        break;
      case Interaction::dot: z += dot(user, item); break;
      case Interaction::cosine: {
        const double c = dot(user, item) / std::sqrt(dot(user, user) * dot(item, item));
        z += std::log((1 + c) / (1 - c));
        break;
      }
      case Interaction::fm:
        for (std::size_t f = 0; f < vectors.size(); ++f) {
          for (std::size_t g = 0; g < f; ++g) z += dot(vectors[f], vectors[g]);
        }
        break;
      case Interaction::cross: {
        Doubles crossed = all;
        for (int layer = 1; layer <= design_.cross_layers; ++layer) {
          const Doubles product = dense("cross" + std::to_string(layer), crossed);
          for (std::size_t c = 0; c < crossed.size(); ++c) crossed[c] += all[c] * product[c];
        }
        z += dense("cross_output", crossed)[0];
      }
    }
    const std::size_t layers = parse_widths(design_.hidden).size();
    for (std::size_t layer = 1; layer <= layers; ++layer) x = hidden("hidden" + std::to_string(layer), x);
    if (built_.parameters.find("output/weights") != nullptr) z += dense("output", x)[0];
    return z;
  }

 private:
  double at(const std::string& name, std::size_t r, std::size_t c) const {
    return static_cast<double>(built_.parameters.find(name)->values(r, c));
  }
  static double dot(const Doubles& a, const Doubles& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
  }
  Doubles looked_up(const nn::Parameter& table, std::size_t row) const {
    const nn::Bag& bag = built_.batch[built_.encoder.schema().slot(table.field)];
    Doubles sum(table.values.cols());
    for (std::size_t e = bag.begin(row); e < bag.end(row); ++e) {
      for (std::size_t c = 0; c < sum.size(); ++c) {
        sum[c] += static_cast<double>(bag.weight(e)) * static_cast<double>(table.values(bag.ids[e], c));
      }
    }
    return sum;
  }
  Doubles dense(const std::string& name, const Doubles& x) const {
    const Matrix<float>& weights = built_.parameters.find(name + "/weights")->values;
    EXPECT_EQ(weights.rows(), x.size());
    Doubles y;
    for (std::size_t c = 0; c < weights.cols(); ++c) {
      y.push_back(at(name + "/bias", 0, c));
      for (std::size_t r = 0; r < x.size(); ++r) y.back() += x[r] * static_cast<double>(weights(r, c));
    }
    return y;
  }
  Doubles hidden(const std::string& name, const Doubles& input) const {
    Doubles x = dense(name, input);
    const auto count = static_cast<double>(x.size());
    const double mean = std::accumulate(x.begin(), x.end(), 0.0) / count;
    double variance = 0;
    for (const double one : x) variance += (one - mean) * (one - mean) / count;
    for (std::size_t c = 0; c < x.size(); ++c) {
      if (design_.normalization == Normalization::layer) x[c] = (x[c] - mean) / std::sqrt(variance + 1e-5);
      if (design_.normalization == Normalization::batch) {
        x[c] = (x[c] - at(name + "/mean", 0, c)) / std::sqrt(at(name + "/variance", 0, c) + 1e-5);
      }
      if (design_.normalization != Normalization::none) {
        x[c] = at(name + "/gain", 0, c) * x[c] + at(name + "/offset", 0, c);
      }
      switch (design_.activation) {
        case Activation::relu: x[c] = std::max(x[c], 0.0); break;
        case Activation::gelu: x[c] *= 0.5 * (1 + std::erf(x[c] / std::sqrt(2.0))); break;
        case Activation::tanh: x[c] = std::tanh(x[c]); break;
        case Activation::sigmoid: x[c] = 1 / (1 + std::exp(-x[c])); break;
      }
    }
    return x;
  }

  const RandomNetwork& built_;
  const NetworkDesign& design_;
};

TEST(ComposedNetwork, IsItsFormula) {
  const std::vector<NetworkDesign> designs{
      {.fields = "auto", .interaction = Interaction::concat},
      {.fields = "auto", .interaction = Interaction::concat, .hidden = "5-3"},
      {.interaction = Interaction::multiply},
      {.fields = "auto", .interaction = Interaction::multiply, .hidden = "5", .biases = true},
      {.interaction = Interaction::dot, .offset = false},
      {.fields = "auto", .interaction = Interaction::dot, .hidden = "5", .biases = true},
      {.interaction = Interaction::cosine, .offset = false},
      {.fields = "auto, history(3)", .interaction = Interaction::cosine, .biases = true},
      {.fields = "auto", .wide = "auto", .wide_buckets = 20, .interaction = Interaction::fm, .hidden = "5"},
      {.fields = "user, item, kind", .interaction = Interaction::fm},
      {.fields = "auto", .interaction = Interaction::cross, .cross_layers = 3},
      {.fields = "auto", .wide = "kind", .interaction = Interaction::cross, .cross_layers = 1, .hidden = "4-2"},
      {.interaction = Interaction::none, .biases = true},
      {.fields = "auto", .interaction = Interaction::none, .hidden = "3"},
      {.interaction = Interaction::concat,
       .hidden = "5-3",
       .activation = Activation::gelu,
       .normalization = Normalization::layer,
       .dropout = 0.5,
       .input_dropout = 0.5},
      {.interaction = Interaction::concat,
       .hidden = "5-3",
       .activation = Activation::tanh,
       .normalization = Normalization::batch},
      {.interaction = Interaction::multiply, .hidden = "5", .activation = Activation::sigmoid, .dropout = 0.5},
  };
  for (std::size_t d = 0; d < designs.size(); ++d) {
    RandomNetwork built(designs[d]);
    const std::vector<float> z = built.forward();
    const PlainNetwork twin(built);
    for (std::size_t row = 0; row < z.size(); ++row) {
      const double expected = twin.forward(row);
      EXPECT_NEAR(z[row], expected, 2e-4 * (1 + std::abs(expected))) << "design " << d << ", row " << row;
    }
    EXPECT_NE(z[0], z[1]);
  }
}

TEST(ComposedNetwork, StartsAtTheMean) {
  const auto data = tastes_with_features();
  for (const bool offset : {true, false}) {
    NetworkOptions options = small_network();
    options.init = 1e-4;
    const NetworkDesign design{.interaction = Interaction::dot, .offset = offset};
    nn::Encoder encoder(*data, nn::Schema::learn(*data, nn::parse_fields(all_fields(design, *data))));
    for (const double center : {1.7, -0.4}) {
      nn::ParameterSet parameters;
      const auto network = build_network(design, options, {*data, encoder.schema(), parameters, Task::ratings, center});
      nn::Tape tape;
      tape.begin(nn::Mode::infer);
      const nn::Example one{0, UserRow(0), data->items()[0]};
      EXPECT_NEAR(network->forward(tape, encoder.encode({&one, 1}, {}, tape.arena())).value()(0, 0), center, 0.01);
    }
  }
}

TEST(ComposedNetwork, RegularizesEmbeddingsAlone) {
  NetworkOptions options = small_network();
  options.reg = 0.125;
  const RandomNetwork built({.interaction = Interaction::concat, .hidden = "3", .biases = true}, options);
  for (std::size_t p = 0; p < built.parameters.size(); ++p) {
    const nn::Parameter& one = built.parameters[p];
    EXPECT_EQ(one.reg, one.kind == nn::ParameterKind::embedding ? 0.125F : 0) << one.name;
  }
}

TEST(ComposedNetwork, NeedsBothSidesToJoinThem) {
  for (const Interaction interaction : {Interaction::dot, Interaction::cosine, Interaction::multiply}) {
    for (const char* fields : {"user, taste", "item, kind"}) {
      const Error error = error_of([&] { RandomNetwork({.fields = fields, .interaction = interaction}); });
      EXPECT_EQ(error.code(), ErrorCode::invalid_option);
      EXPECT_THAT(error.message(), HasSubstr(kInteractionNames[static_cast<std::size_t>(interaction)]));
      EXPECT_THAT(error.message(), HasSubstr(fields));
      EXPECT_THAT(error.hint(), HasSubstr("user and item"));
    }
  }
  EXPECT_NO_THROW(RandomNetwork({.fields = "user, taste", .interaction = Interaction::fm}));
}

TEST(ComposedNetwork, NeedsSomePart) {
  const Error error = error_of([] { RandomNetwork({.interaction = Interaction::none}); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_option);
  EXPECT_THAT(error.message(), HasSubstr("no parts"));
}

}  // namespace
}  // namespace gusto
