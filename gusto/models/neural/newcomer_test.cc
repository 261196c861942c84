#include "gusto/models/neural/newcomer.h"

#include <cmath>

#include <gmock/gmock.h>

#include "gusto/models/neural/network_design.h"
#include "gusto/models/testing/networks.h"
#include "gusto/nn/tape.h"

namespace gusto {
namespace {

using test::small_network;
using test::tastes_with_features;
using testing::IsEmpty;
using testing::SizeIs;

/// A network whose rows are as spread as those of a trained one.
struct NetworkForNewcomers {
  NetworkForNewcomers(const NetworkDesign& design, Task task, NetworkLoss loss)
      : encoder(*data, nn::Schema::learn(*data, nn::parse_fields(all_fields(design, *data)))),
        objective(*data, task, options(loss), false) {
    network = build_network(design, options(loss), {*data, encoder.schema(), parameters, task, objective.centre()});
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      Random random(5, parameters[p].name);
      if (parameters[p].kind != nn::ParameterKind::embedding) continue;
      for (float& x : parameters[p].values.values()) x = static_cast<float>(0.1 + 0.6 * random.normal());
    }
    prior.emplace(parameters);
  }
  static NetworkOptions options(NetworkLoss loss) {
    NetworkOptions result = small_network();
    result.loss = loss;
    return result;
  }
  Newcomer learn(nn::EncodedAsker& asker, double noise) const {
    return learn_newcomer(*network, encoder, objective, *prior, noise, asker);
  }

  std::shared_ptr<const Dataset> data = tastes_with_features();
  nn::Encoder encoder;
  NetworkObjective objective;
  nn::ParameterSet parameters;
  std::unique_ptr<nn::Network> network;
  std::optional<NewcomerPrior> prior;
};

const std::vector<HistoryEvent> kHistory{{ItemRow(0), 5, kNoTime},
                                         {ItemRow(3), 4.5F, kNoTime},
                                         {ItemRow(4), 1, kNoTime},
                                         {ItemRow(9), 5, kNoTime},
                                         {ItemRow(11), 2, kNoTime}};

/// The stated objective, Σ loss + noise/2 · ‖x‖², of rows mean + deviation · x, in float with steps large enough for it.
double objective_at(const NetworkForNewcomers& built, const nn::EncodedAsker& asker,
                    const std::vector<Matrix<float>>& rows, double noise) {
  std::vector<nn::Guests> guests;
  double x_square = 0;
  for (std::size_t t = 0; t < rows.size(); ++t) {
    const NewcomerPrior::Table& table = built.prior->tables()[t];
    guests.push_back({table.parameter, rows[t].view()});
    for (std::size_t c = 0; c < rows[t].cols(); ++c) {
      x_square += std::pow(static_cast<double>((rows[t](0, c) - table.mean[c]) / table.deviation[c]), 2);
    }
  }
  std::vector<ItemRow> items;
  std::vector<float> targets;
  for (const HistoryEvent& event : asker.history) {
    items.push_back(event.item);
    targets.push_back(built.objective.target(event.value));
  }
  nn::Tape tape;
  tape.begin(nn::Mode::infer);
  tape.set_guests(guests);
  const nn::Var z = built.network->forward(tape, built.encoder.encode(asker, items, tape.arena()));
  return static_cast<double>(built.objective.record(z, targets, 1).value()(0, 0)) + noise / 2 * x_square;
}

/// The slope by x of each coordinate.
std::vector<double> slopes(const NetworkForNewcomers& built, const nn::EncodedAsker& asker,
                           std::vector<Matrix<float>> rows, double noise) {
  constexpr double kStep = 0.01;
  std::vector<double> result;
  for (std::size_t t = 0; t < rows.size(); ++t) {
    for (std::size_t c = 0; c < rows[t].cols(); ++c) {
      const float here = rows[t](0, c);
      const auto at = [&](double x) {
        rows[t](0, c) = here + static_cast<float>(x) * built.prior->tables()[t].deviation[c];
        return objective_at(built, asker, rows, noise);
      };
      result.push_back((at(kStep) - at(-kStep)) / (2 * kStep));
      rows[t](0, c) = here;
    }
  }
  return result;
}
double norm(const std::vector<double>& slopes) {
  double square = 0;
  for (const double slope : slopes) square += slope * slope;
  return std::sqrt(square);
}

TEST(Newcomer, IsWhereTheStatedObjectiveIsLevel) {
  const NetworkDesign dot{.interaction = Interaction::dot, .biases = true};
  const NetworkDesign deep{
      .fields = "auto", .interaction = Interaction::concat, .hidden = "6", .activation = Activation::tanh};
  struct Case {
    NetworkDesign design;
    Task task;
    NetworkLoss loss;
  };
  for (const Case& one :
       {Case{dot, Task::ratings, NetworkLoss::squared}, Case{dot, Task::likes, NetworkLoss::logistic},
        Case{deep, Task::ratings, NetworkLoss::squared}, Case{dot, Task::ratings, NetworkLoss::huber}}) {
    const NetworkForNewcomers built(one.design, one.task, one.loss);
    for (const double noise : {0.05, 0.5, 1.0}) {
      nn::EncodedAsker asker = built.encoder.encode(Query::with_history(kHistory));
      const Newcomer newcomer = built.learn(asker, noise);
      std::vector<Matrix<float>> start;
      for (const NewcomerPrior::Table& table : built.prior->tables()) {
        start.emplace_back(1, table.mean.size());
        std::copy(table.mean.begin(), table.mean.end(), start.back().values().begin());
      }
      const double before = norm(slopes(built, asker, start, noise));
      const double after = norm(slopes(built, asker, newcomer.rows, noise));
      EXPECT_LT(after, 0.02 * before) << to_string(one.task) << ", noise " << noise << ": from " << before;
      EXPECT_LT(objective_at(built, asker, newcomer.rows, noise), objective_at(built, asker, start, noise));
    }
  }
}

TEST(Newcomer, HasRowsInTheEmbeddingsOfUsersAlone) {
  const NetworkForNewcomers built({.fields = "auto", .interaction = Interaction::dot, .biases = true}, Task::ratings,
                                  NetworkLoss::squared);
  nn::EncodedAsker asker = built.encoder.encode(Query::with_history(kHistory));
  const std::vector<float> before(built.parameters.find("user/embedding")->values.values().begin(),
                                  built.parameters.find("user/embedding")->values.values().end());
  const Newcomer newcomer = built.learn(asker, 1);
  ASSERT_THAT(newcomer.guests, SizeIs(2));
  for (std::size_t t = 0; t < 2; ++t) {
    EXPECT_EQ(newcomer.guests[t].parameter->field, "user");
    EXPECT_EQ(newcomer.guests[t].rows.data, newcomer.rows[t].values().data());
  }
  const std::size_t slot = built.encoder.schema().slot("user");
  EXPECT_EQ(asker.fields[slot].ids.at(0), built.encoder.schema()[slot].rows) << "the guest's row";
  const auto values = built.parameters.find("user/embedding")->values.values();
  EXPECT_EQ(std::vector<float>(values.begin(), values.end()), before) << "the training users' stay";
}

TEST(Newcomer, StaysNearerThePriorTheMoreNoiseThereIs) {
  const NetworkForNewcomers built({.interaction = Interaction::dot, .biases = true}, Task::ratings,
                                  NetworkLoss::squared);
  const auto distance = [&](double noise) {
    nn::EncodedAsker asker = built.encoder.encode(Query::with_history(kHistory));
    const Newcomer newcomer = built.learn(asker, noise);
    double sum = 0;
    for (std::size_t t = 0; t < newcomer.rows.size(); ++t) {
      for (std::size_t c = 0; c < newcomer.rows[t].cols(); ++c) {
        const NewcomerPrior::Table& table = built.prior->tables()[t];
        sum += std::pow(static_cast<double>((newcomer.rows[t](0, c) - table.mean[c]) / table.deviation[c]), 2);
      }
    }
    return sum;
  };
  EXPECT_GT(distance(0.1), distance(1));
  EXPECT_GT(distance(1), distance(10));
  EXPECT_LT(distance(1000), 0.01);
}

TEST(Newcomer, IsNobodyWithoutHistoryOrWithoutUsers) {
  const NetworkForNewcomers built({.interaction = Interaction::dot}, Task::ratings, NetworkLoss::squared);
  nn::EncodedAsker asker = built.encoder.encode(Query{});
  EXPECT_THAT(built.learn(asker, 1).rows, IsEmpty());
  EXPECT_EQ(asker.fields[built.encoder.schema().slot("user")].ids.at(0), 0U) << "the unknown user";

  const NetworkForNewcomers without({.fields = "taste, item", .interaction = Interaction::dot}, Task::ratings,
                                    NetworkLoss::squared);
  nn::EncodedAsker other = without.encoder.encode(Query::with_history(kHistory));
  EXPECT_THAT(without.learn(other, 1).guests, IsEmpty());
}

TEST(NewcomerPrior, IsHowTheTrainingUsersAreSpread) {
  nn::ParameterSet parameters;
  nn::Parameter& users = parameters.add("user/embedding", nn::ParameterKind::embedding, 4, 2, nn::Start::constant(0));
  users.field = "user";
  const float values[] = {100, 100, 1, 5, 2, 5, 6, 5};  // the unknown user's row first
  std::copy_n(values, 8, users.values.values().begin());
  parameters.add("item/embedding", nn::ParameterKind::embedding, 4, 2, nn::Start::constant(0)).field = "item";
  const NewcomerPrior prior(parameters);
  ASSERT_THAT(prior.tables(), SizeIs(1));
  EXPECT_THAT(prior.tables()[0].mean, testing::ElementsAre(3, 5));
  EXPECT_NEAR(prior.tables()[0].deviation[0], std::sqrt(14.0 / 3), 1e-5);
  EXPECT_EQ(prior.tables()[0].deviation[1], 0);
}

}  // namespace
}  // namespace gusto
