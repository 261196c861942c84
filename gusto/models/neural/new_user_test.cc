#include "gusto/models/neural/new_user.h"

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

/// A network whose rows are distributed as those of a trained one.
struct NetworkForNewUsers {
  NetworkForNewUsers(const NetworkDesign& design, Task task, NetworkLoss loss)
      : encoder(*data, nn::Schema::learn(*data, nn::parse_fields(all_fields(design, *data)))),
        objective(*data, task, options(loss), false) {
    network = build_network(design, options(loss), {*data, encoder.schema(), parameters, task, objective.center()});
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
  NewUser learn(nn::EncodedQueryUser& query_user, double noise) const {
    return learn_new_user(*network, encoder, objective, *prior, noise, query_user);
  }

  std::shared_ptr<const Dataset> data = tastes_with_features();
  nn::Encoder encoder;
  NetworkObjective objective;
  nn::ParameterSet parameters;
  std::unique_ptr<nn::Network> network;
  std::optional<NewUserPrior> prior;
};

const std::vector<HistoryEvent> kHistory{{ItemRow(0), 5, kNoTime},
                                         {ItemRow(3), 4.5F, kNoTime},
                                         {ItemRow(4), 1, kNoTime},
                                         {ItemRow(9), 5, kNoTime},
                                         {ItemRow(11), 2, kNoTime}};

/// The stated objective, Σ loss + noise/2 · ‖x‖², of rows mean + deviation · x, in float with steps large enough for
/// it.
double objective_at(const NetworkForNewUsers& built, const nn::EncodedQueryUser& query_user,
                    const std::vector<Matrix<float>>& rows, double noise) {
  std::vector<nn::ExtraRows> extra_rows;
  double x_square = 0;
  for (std::size_t t = 0; t < rows.size(); ++t) {
    const NewUserPrior::Table& table = built.prior->tables()[t];
    extra_rows.push_back({table.parameter, rows[t].view()});
    for (std::size_t c = 0; c < rows[t].cols(); ++c) {
      x_square += std::pow(static_cast<double>((rows[t](0, c) - table.mean[c]) / table.deviation[c]), 2);
    }
  }
  std::vector<ItemRow> items;
  std::vector<float> targets;
  for (const HistoryEvent& event : query_user.history) {
    items.push_back(event.item);
    targets.push_back(built.objective.target(event.value));
  }
  nn::Tape tape;
  tape.begin(nn::Mode::infer);
  tape.set_extra_rows(extra_rows);
  const nn::Var z = built.network->forward(tape, built.encoder.encode(query_user, items, tape.arena()));
  return static_cast<double>(built.objective.record(z, targets, 1).value()(0, 0)) + noise / 2 * x_square;
}

/// The slope by x of each coordinate.
std::vector<double> slopes(const NetworkForNewUsers& built, const nn::EncodedQueryUser& query_user,
                           std::vector<Matrix<float>> rows, double noise) {
  constexpr double kStep = 0.01;
  std::vector<double> result;
  for (std::size_t t = 0; t < rows.size(); ++t) {
    for (std::size_t c = 0; c < rows[t].cols(); ++c) {
      const float here = rows[t](0, c);
      const auto at = [&](double x) {
        rows[t](0, c) = here + static_cast<float>(x) * built.prior->tables()[t].deviation[c];
        return objective_at(built, query_user, rows, noise);
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

TEST(NewUser, IsWhereTheStatedObjectiveIsLevel) {
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
    const NetworkForNewUsers built(one.design, one.task, one.loss);
    for (const double noise : {0.05, 0.5, 1.0}) {
      nn::EncodedQueryUser query_user = built.encoder.encode(Query::with_history(kHistory));
      const NewUser new_user = built.learn(query_user, noise);
      std::vector<Matrix<float>> start;
      for (const NewUserPrior::Table& table : built.prior->tables()) {
        start.emplace_back(1, table.mean.size());
        std::copy(table.mean.begin(), table.mean.end(), start.back().values().begin());
      }
      const double before = norm(slopes(built, query_user, start, noise));
      const double after = norm(slopes(built, query_user, new_user.rows, noise));
      EXPECT_LT(after, 0.02 * before) << to_string(one.task) << ", noise " << noise << ": from " << before;
      EXPECT_LT(objective_at(built, query_user, new_user.rows, noise), objective_at(built, query_user, start, noise));
    }
  }
}

TEST(NewUser, HasRowsInTheEmbeddingsOfUsersAlone) {
  const NetworkForNewUsers built({.fields = "auto", .interaction = Interaction::dot, .biases = true}, Task::ratings,
                                 NetworkLoss::squared);
  nn::EncodedQueryUser query_user = built.encoder.encode(Query::with_history(kHistory));
  const std::vector<float> before(built.parameters.find("user/embedding")->values.values().begin(),
                                  built.parameters.find("user/embedding")->values.values().end());
  const NewUser new_user = built.learn(query_user, 1);
  ASSERT_THAT(new_user.extra_rows, SizeIs(2));
  for (std::size_t t = 0; t < 2; ++t) {
    EXPECT_EQ(new_user.extra_rows[t].parameter->field, "user");
    EXPECT_EQ(new_user.extra_rows[t].rows.data, new_user.rows[t].values().data());
  }
  const std::size_t slot = built.encoder.schema().slot("user");
  EXPECT_EQ(query_user.fields[slot].ids.at(0), built.encoder.schema()[slot].rows) << "the extra rows's row";
  const auto values = built.parameters.find("user/embedding")->values.values();
  EXPECT_EQ(std::vector<float>(values.begin(), values.end()), before) << "the training users' stay";
}

TEST(NewUser, StaysNearerThePriorTheMoreNoiseThereIs) {
  const NetworkForNewUsers built({.interaction = Interaction::dot, .biases = true}, Task::ratings,
                                 NetworkLoss::squared);
  const auto distance = [&](double noise) {
    nn::EncodedQueryUser query_user = built.encoder.encode(Query::with_history(kHistory));
    const NewUser new_user = built.learn(query_user, noise);
    double sum = 0;
    for (std::size_t t = 0; t < new_user.rows.size(); ++t) {
      for (std::size_t c = 0; c < new_user.rows[t].cols(); ++c) {
        const NewUserPrior::Table& table = built.prior->tables()[t];
        sum += std::pow(static_cast<double>((new_user.rows[t](0, c) - table.mean[c]) / table.deviation[c]), 2);
      }
    }
    return sum;
  };
  EXPECT_GT(distance(0.1), distance(1));
  EXPECT_GT(distance(1), distance(10));
  EXPECT_LT(distance(1000), 0.01);
}

TEST(NewUser, IsNobodyWithoutHistoryOrWithoutUsers) {
  const NetworkForNewUsers built({.interaction = Interaction::dot}, Task::ratings, NetworkLoss::squared);
  nn::EncodedQueryUser query_user = built.encoder.encode(Query{});
  EXPECT_THAT(built.learn(query_user, 1).rows, IsEmpty());
  EXPECT_EQ(query_user.fields[built.encoder.schema().slot("user")].ids.at(0), 0U) << "the unknown user";

  const NetworkForNewUsers without({.fields = "taste, item", .interaction = Interaction::dot}, Task::ratings,
                                   NetworkLoss::squared);
  nn::EncodedQueryUser other = without.encoder.encode(Query::with_history(kHistory));
  EXPECT_THAT(without.learn(other, 1).extra_rows, IsEmpty());
}

TEST(NewUserPrior, IsHowTheTrainingUsersAreSpread) {
  nn::ParameterSet parameters;
  nn::Parameter& users = parameters.add("user/embedding", nn::ParameterKind::embedding, 4, 2, nn::Start::constant(0));
  users.field = "user";
  const float values[] = {100, 100, 1, 5, 2, 5, 6, 5};  // the unknown user's row first
  std::copy_n(values, 8, users.values.values().begin());
  parameters.add("item/embedding", nn::ParameterKind::embedding, 4, 2, nn::Start::constant(0)).field = "item";
  const NewUserPrior prior(parameters);
  ASSERT_THAT(prior.tables(), SizeIs(1));
  EXPECT_THAT(prior.tables()[0].mean, testing::ElementsAre(3, 5));
  EXPECT_NEAR(prior.tables()[0].deviation[0], std::sqrt(14.0 / 3), 1e-5);
  EXPECT_EQ(prior.tables()[0].deviation[1], 0);
}

}  // namespace
}  // namespace gusto
