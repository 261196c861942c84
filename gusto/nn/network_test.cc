#include "gusto/nn/network.h"

#include <cmath>

#include <gmock/gmock.h>

#include "gusto/base/testing/testing.h"
#include "gusto/nn/encoder.h"
#include "gusto/nn/lookup.h"
#include "gusto/nn/tape.h"

namespace gusto::nn {
namespace {

using gusto::test::error_of;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Le;

std::shared_ptr<const Dataset> three_users_and_two_items() {
  auto catalog = std::make_shared<Catalog>();
  for (const char* user : {"anna", "bert", "carl"}) catalog->users.add(user);
  for (const char* item : {"heat", "alien"}) catalog->items.add(item);
  return std::make_shared<const Dataset>(std::move(catalog), std::vector<Event>{{UserRow(0), ItemRow(0), 1, kNoTime},
                                                                                {UserRow(2), ItemRow(1), 2, kNoTime}});
}

TEST(Embedding, HasARowForEachIdOfItsField) {
  const auto data = three_users_and_two_items();
  const Schema schema = Schema::learn(*data, parse_fields("item, user"));
  ParameterSet set;
  const Embedding users = add_embedding(set, schema, "user", "vector", 5, Start::normal(1), 0.25);
  EXPECT_EQ(users.slot, 1U);
  EXPECT_EQ(users.table, set.find("user/vector"));
  EXPECT_EQ(users.table->kind, ParameterKind::embedding);
  EXPECT_EQ(users.table->values.rows(), 3U) << "the unknown user, and two with events";
  EXPECT_EQ(users.table->values.cols(), 5U);
  EXPECT_EQ(users.table->reg, 0.25F);
  EXPECT_EQ(users.table->field, "user");

  const Error error = error_of([&] { add_embedding(set, schema, "users", "vector", 5, Start::constant(0)); });
  EXPECT_EQ(error.code(), ErrorCode::not_found);
  EXPECT_THAT(error.what(), HasSubstr("user"));
  EXPECT_EQ(error_of([&] { add_embedding(set, schema, "user", "vector", 5, Start::constant(0)); }).message(),
            "Two parameters are named user/vector.");
}

TEST(Embedding, LooksUpTheRowsOfABatch) {
  const auto data = three_users_and_two_items();
  const Encoder encoder(*data, Schema::learn(*data, parse_fields("user, item")));
  ParameterSet set;
  const Embedding items = add_embedding(set, encoder.schema(), "item", "vector", 3, Start::normal(1));
  Tape tape;
  tape.begin(Mode::infer);
  const Example examples[] = {{1, UserRow(2), ItemRow(1)}, {0, UserRow(0), ItemRow(0)}};
  const Batch batch = encoder.encode(examples, {}, tape.arena());
  const Var found = items(tape, batch);
  ASSERT_EQ(found.rows(), 2U);
  const Lookup lookup = items.lookup(batch);
  EXPECT_EQ(lookup.table, items.table);
  for (std::size_t r = 0; r < 2; ++r) {
    for (std::size_t c = 0; c < 3; ++c) EXPECT_EQ(found.value()(r, c), items.table->values(lookup.bag.ids[r], c));
  }
  EXPECT_NE(lookup.bag.ids[0], lookup.bag.ids[1]);
}

TEST(DenseLayer, IsAProductAndAnOffset) {
  ParameterSet set;
  const DenseLayer layer = add_layer(set, "layer", 2, 3);
  const float weights[] = {1, 2, 3, 10, 20, 30};
  std::copy_n(weights, 6, layer.weights->values.values().begin());
  layer.bias->values(0, 2) = 0.5F;
  Tape tape;
  tape.begin(Mode::infer);
  Matrix<float> x(1, 2);
  x(0, 0) = 2;
  x(0, 1) = -1;
  const Var y = layer(tape.constant(std::as_const(x).view()));
  EXPECT_THAT(std::vector<float>(y.value().data, y.value().data + 3), ElementsAre(-8, -16, -23.5F));
}

TEST(DenseLayer, StartsByTheRuleOfWhatFollows) {
  ParameterSet set;
  const auto greatest = [](const Parameter& parameter) {
    float most = 0;
    for (const float x : parameter.values.values()) most = std::max(most, std::abs(x));
    return most;
  };
  const DenseLayer he = add_layer(set, "he", 60, 40), glorot = add_layer(set, "glorot", 60, 40, false);
  EXPECT_EQ(he.weights->name, "he/weights");
  EXPECT_EQ(he.bias->name, "he/bias");
  EXPECT_EQ(he.weights->kind, ParameterKind::weights);
  EXPECT_EQ(he.bias->kind, ParameterKind::offsets);
  EXPECT_NEAR(greatest(*he.weights), std::sqrt(6.0 / 60), 0.005);
  EXPECT_NEAR(greatest(*glorot.weights), std::sqrt(6.0 / 100), 0.005);
  EXPECT_EQ(greatest(*he.bias), 0);
}

}  // namespace
}  // namespace gusto::nn
