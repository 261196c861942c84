#include <cmath>
#include <memory>

#include <gmock/gmock.h>

#include "gusto/base/testing/testing.h"
#include "gusto/nn/lookup.h"
#include "gusto/nn/ops.h"
#include "gusto/nn/tape.h"
#include "gusto/nn/testing/gradients.h"

namespace gusto::nn {
namespace {

using gusto::test::error_of;
using test::check;
using test::Doubles;
using test::Inputs;
using Twins = std::vector<Doubles>;

// Adds what a bag looks up in a table to columns of a matrix.
void add_rows(const Doubles& table, const Bag& bag, Doubles& to, std::size_t column) {
  for (std::size_t r = 0; r < bag.rows; ++r) {
    for (std::size_t e = bag.begin(r); e < bag.end(r); ++e) {
      for (std::size_t c = 0; c < table.cols(); ++c) {
        to(r, column + c) += static_cast<double>(bag.weight(e)) * table(bag.ids[e], c);
      }
    }
  }
}

constexpr std::size_t kTableRows = 11;  // of tables
// One id each, more than are fetched ahead, with repeats.
const std::vector<std::uint32_t> kIds{3, 0, 10, 3, 3, 7, 1, 2, 9, 10, 4, 5};
// Bags of none, one and many, with weights.
const std::vector<std::uint32_t> kOffsets{0, 3, 3, 4, 4, 12, 12, 12, 12, 12, 12, 12, 12};
const std::vector<float> kWeights{0.5F, -1, 2, 1, 0.25F, 3, 1, 1, -0.5F, 0.125F, 1, 1.5F};

std::vector<Bag> kinds_of_bags() {
  return {{12, kIds, {}, {}}, {12, kIds, {}, kWeights}, {12, kIds, kOffsets, {}}, {12, kIds, kOffsets, kWeights}};
}

TEST(Rows, AreTheirTwin) {
  for (const Bag& bag : kinds_of_bags()) {
    for (const std::size_t cols : {1U, 3U, 8U, 10U, 16U, 32U, 37U, 64U, 100U}) {
      check({{{kTableRows, cols, true}},
             [&](Tape& tape, const Inputs& in) { return embedding_lookup(tape, *in.parameters[0], bag); },
             [&](const Twins& in) {
               Doubles y(bag.rows, in[0].cols());
               add_rows(in[0], bag, y, 0);
               return y;
             }});
    }
  }
}

TEST(Rows, LieSideBySide) {
  const std::vector<Bag> bags = kinds_of_bags();
  check({{{kTableRows, 16, true}, {kTableRows, 1, true}, {kTableRows, 5, true}},
         [&](Tape& tape, const Inputs& in) {
           const Lookup lookups[] = {{in.parameters[0], bags[0]},
                                     {in.parameters[1], bags[0]},
                                     {in.parameters[2], bags[3]},
                                     {in.parameters[0], bags[2]}};  // a table may serve twice
           return embedding_lookup(tape, lookups);
         },
         [&](const Twins& in) {
           Doubles y(12, 38);
           add_rows(in[0], bags[0], y, 0);
           add_rows(in[1], bags[0], y, 16);
           add_rows(in[2], bags[3], y, 17);
           add_rows(in[0], bags[2], y, 22);
           return y;
         }});
}

TEST(Rows, FetchNoFurtherThanTheirTable) {
  // Longer than what is fetched ahead, and the table's very last row in every place.
  const std::vector<std::uint32_t> last(40, kTableRows - 1);
  check({{{kTableRows, 24, true}},
         [&](Tape& tape, const Inputs& in) {
           return embedding_lookup(tape, *in.parameters[0], {40, last, {}, {}});
         },
         [](const Twins& in) { return test::fill(40, 24, [&](auto, auto c) { return in[0](kTableRows - 1, c); }); }});
}

// A table of small tests: row r is r + 1 in each column.
Parameter& counting_table(ParameterSet& set, std::size_t cols) {
  Parameter& table = set.add("users", ParameterKind::embedding, kTableRows, cols, Start::constant(0));
  for (std::size_t r = 0; r < kTableRows; ++r) {
    for (float& x : table.values.row(r)) x = static_cast<float>(r + 1);
  }
  return table;
}

TEST(Rows, AreReadAsDecayedUpToNow) {
  ParameterSet set;
  Parameter& table = counting_table(set, 19);
  table.decay = std::make_unique<LazyDecay>();
  table.decay->log_factor = {0, -0.1, -0.3, -0.6};
  for (std::uint32_t row = 0; row < kTableRows; ++row) table.decay->written.push_back(row % 4);
  Doubles read(kTableRows, 19);
  for (std::size_t r = 0; r < kTableRows; ++r) {
    const double left = std::exp(-0.6 - table.decay->log_factor[r % 4]);
    for (double& x : read.row(r)) x = left * static_cast<double>(r + 1);
  }
  for (const Bag& bag : kinds_of_bags()) {
    Tape tape;
    tape.begin(Mode::train);
    const Var y = embedding_lookup(tape, table, bag);
    Doubles expected(bag.rows, 19);
    add_rows(read, bag, expected, 0);
    test::expect_near(test::to_doubles(y.value()), expected, 1e-6, "result");
    // The gradient is that of rows as they are read: the factors are the optimizer's business.
    const Doubles flow = test::random_doubles(bag.rows, 19, 1, -1, 1);
    const Matrix<float> floats = test::to_floats(flow);
    const std::pair<Var, MatrixView<const float>> seed{y, floats.view()};
    tape.backward({&seed, 1});
    const test::Operation twin{{}, {}, [&](const Twins& in) {
                                 Doubles sum(bag.rows, 19);
                                 add_rows(in[0], bag, sum, 0);
                                 return sum;
                               }};
    test::expect_near(test::gradient_of(tape, table), test::differences(twin, {read}, 0, flow), 1e-5, "gradient");
  }
}

TEST(Rows, BeyondTheTableAreExtraRows) {
  ParameterSet set;
  Parameter& users = counting_table(set, 19);
  Parameter& items = set.add("items", ParameterKind::embedding, 2, 4, Start::constant(7));
  const Matrix<float> new_users = test::to_floats(test::random_doubles(2, 19, 1, -2, 2));
  const ExtraRows extra_rows{&users, new_users.view()};
  const std::vector<std::uint32_t> ids{kTableRows + 1, 3, kTableRows}, item_ids{0, 1, 1};
  const std::vector<float> weights{0.5F, 2, -1};
  const std::vector<std::uint32_t> offsets{0, 2, 2, 3};
  for (const bool plain : {true, false}) {
    const Bag bag = plain ? Bag{3, ids, {}, {}} : Bag{3, ids, offsets, weights};
    const Lookup lookups[] = {{&users, bag}, {&items, {3, item_ids, {}, {}}}};
    Tape tape;
    tape.begin(Mode::probe);
    tape.set_extra_rows({&extra_rows, 1});
    const Var y = embedding_lookup(tape, lookups);
    for (std::size_t c = 0; c < 19; ++c) {
      const float first = plain ? new_users(1, c) : 0.5F * new_users(1, c) + 2 * 4;
      EXPECT_FLOAT_EQ(y.value()(0, c), first);
      EXPECT_FLOAT_EQ(y.value()(1, c), plain ? 4 : 0);
      EXPECT_FLOAT_EQ(y.value()(2, c), plain ? new_users(0, c) : -new_users(0, c));
    }
    EXPECT_EQ(y.value()(2, 20), 7);
    const Matrix<float> flow = test::to_floats(test::random_doubles(3, 23, 2, -1, 1));
    const std::pair<Var, MatrixView<const float>> seed{y, flow.view()};
    tape.backward({&seed, 1});
    ASSERT_EQ(tape.sparse().size(), 1U) << "items have no extra rows, so nothing is learned from their gradient";
    EXPECT_EQ(tape.sparse()[0].parameter, &users);
    EXPECT_EQ(tape.sparse()[0].gradient(2, 18), flow(2, 18));
  }
}

TEST(Rows, WithoutExtraRowsNeedNoGradientWhileProbing) {
  ParameterSet set;
  Parameter& table = counting_table(set, 3);
  Tape tape;
  tape.begin(Mode::probe);
  EXPECT_FALSE(tape.needs_gradient(embedding_lookup(tape, table, {12, kIds, {}, {}})));
}

TEST(Rows, LeaveAViewOfTheirGradient) {
  ParameterSet set;
  const Lookup lookups[] = {
      {&set.add("a", ParameterKind::embedding, kTableRows, 4, Start::constant(1)), {12, kIds, {}, {}}},
      {&set.add("b", ParameterKind::embedding, kTableRows, 6, Start::constant(1)), {12, kIds, {}, {}}}};
  Tape tape;
  tape.begin(Mode::train);
  const Var y = embedding_lookup(tape, lookups);
  const Matrix<float> flow(12, 10);
  const std::pair<Var, MatrixView<const float>> seed{y, flow.view()};
  tape.backward({&seed, 1});
  ASSERT_EQ(tape.sparse().size(), 2U);
  EXPECT_EQ(tape.sparse()[1].gradient.stride, 10U);
  EXPECT_EQ(tape.sparse()[1].gradient.data, tape.sparse()[0].gradient.data + 4);
}

TEST(Rows, NameWhatDoesNotFit) {
  ParameterSet set;
  Parameter& table = counting_table(set, 3);
  Tape tape;
  tape.begin(Mode::infer);
  const std::vector<std::uint32_t> beyond{0, kTableRows};
  EXPECT_STREQ(error_of([&] {
                 embedding_lookup(tape, table, {2, beyond, {}, {}});
               }).what(),
               "rows: id 11 is looked up in users [11 × 3].");
  EXPECT_STREQ(error_of([&] {
                 embedding_lookup(tape, table, {3, beyond, {}, {}});
               }).what(),
               "rows: a bag of 3 rows, 0 offsets, 2 ids and 0 weights does not fit [3 × 3] of users.");
  EXPECT_STREQ(error_of([&] {
                 embedding_lookup(tape, table, {2, beyond, {}, std::vector<float>(3)});
               }).what(),
               "rows: a bag of 2 rows, 0 offsets, 2 ids and 3 weights does not fit [2 × 3] of users.");
  const Matrix<float> narrow(1, 2);
  const ExtraRows extra_rows{&table, narrow.view()};
  tape.set_extra_rows({&extra_rows, 1});
  EXPECT_STREQ(error_of([&] {
                 embedding_lookup(tape, table, {2, beyond, {}, {}});
               }).what(),
               "rows: [11 × 3] and [1 × 2] do not fit.");
}

}  // namespace
}  // namespace gusto::nn
