#include "gusto/nn/tape.h"

#include <gmock/gmock.h>

#include "gusto/base/testing/testing.h"
#include "gusto/nn/ops.h"
#include "gusto/nn/testing/gradients.h"

namespace gusto::nn {
namespace {

using gusto::test::error_of;
using testing::Each;
using testing::ElementsAre;

// An operation that somebody adds: 2x.
Var twice(Var x) {
  Tape& tape = x.tape();
  const Var y = tape.record("twice", x.rows(), x.cols(), tape.needs_gradient(x), x, [](const Var& input, Var result) {
    Tape& on = result.tape();
    const MatrixView<const float> g = on.gradient(result);
    const GradientTarget to = on.target(input);
    for (std::size_t r = 0; r < g.rows; ++r) {
      for (std::size_t c = 0; c < g.cols; ++c) to.view(r, c) = 2 * g(r, c) + (to.fresh ? 0 : to.view(r, c));
    }
  });
  for (std::size_t r = 0; r < x.rows(); ++r) {
    for (std::size_t c = 0; c < x.cols(); ++c) y.mutable_value()(r, c) = 2 * x.value()(r, c);
  }
  return y;
}

// One that must not be asked for its gradient.
Var dead_end(Var x) {
  return x.tape().record("dead end", 1, 1, true, 0, [](const int&, Var) { FAIL() << "nothing flows in here"; });
}

class TapeTest : public testing::Test {
 protected:
  Parameter& add(const char* name, std::size_t rows, std::size_t cols, float value = 1) {
    return set_.add(name, ParameterKind::weights, rows, cols, Start::constant(value));
  }
  std::vector<double> gradient(const Parameter& parameter) const {
    const auto sum = test::gradient_of(tape_, parameter);
    return {sum.values().begin(), sum.values().end()};
  }

  ParameterSet set_;
  Tape tape_;
};

TEST_F(TapeTest, RunsAnOperationOfOnesOwn) {
  Parameter& x = add("x", 1, 1, 3);
  tape_.begin(Mode::train);
  const Var y = twice(twice(tape_.parameter(x)));
  EXPECT_EQ(y.value()(0, 0), 12);
  tape_.backward(y);
  EXPECT_THAT(gradient(x), ElementsAre(4));
}

TEST_F(TapeTest, KnowsAParameterAgain) {
  Parameter& x = add("x", 1, 1);
  tape_.begin(Mode::train);
  EXPECT_EQ(tape_.parameter(x).index(), tape_.parameter(x).index());
  tape_.backward(twice(tape_.parameter(x)) + tape_.parameter(x));
  ASSERT_EQ(tape_.dense().size(), 1U);
  EXPECT_EQ(tape_.dense()[0].parameter, &x);
  EXPECT_THAT(gradient(x), ElementsAre(3));
}

TEST_F(TapeTest, AsksOnlyWhatSomethingFlowsInto) {
  Parameter& x = add("x", 1, 1);
  Parameter& idle = add("idle", 1, 1);
  tape_.begin(Mode::train);
  const Var y = twice(tape_.parameter(x));
  dead_end(tape_.parameter(idle));
  dead_end(y);
  tape_.backward(y);
  ASSERT_EQ(tape_.dense().size(), 1U) << "a parameter without a gradient is not among those with one";
  EXPECT_THAT(gradient(x), ElementsAre(2));
}

TEST_F(TapeTest, KeepsNoGradientsOfWhatIsNotLearned) {
  Parameter& x = add("x", 1, 1);
  const float one = 1;
  for (const Mode mode : {Mode::infer, Mode::probe}) {
    tape_.begin(mode);
    const Var y = twice(tape_.parameter(x));
    EXPECT_FALSE(tape_.needs_gradient(y));
    tape_.backward(y);
    EXPECT_TRUE(tape_.dense().empty());
  }
  tape_.begin(Mode::train);
  EXPECT_FALSE(tape_.needs_gradient(twice(tape_.constant(MatrixView<const float>(&one, 1, 1)))));
}

TEST_F(TapeTest, BeginsAnew) {
  Parameter& x = add("x", 1, 1);
  for (int step = 0; step < 3; ++step) {
    tape_.begin(Mode::train, 5);
    EXPECT_EQ(tape_.size(), 0U);
    EXPECT_EQ(tape_.key(), 5U);
    tape_.backward(twice(tape_.parameter(x)));
    EXPECT_THAT(gradient(x), ElementsAre(2));
  }
}

TEST_F(TapeTest, RunsFromGivenGradients) {
  Parameter& x = add("x", 2, 1);
  tape_.begin(Mode::train);
  const Var input = tape_.parameter(x), y = twice(input), z = twice(y);
  const float of_y[] = {1, 10}, of_z[] = {100, 1000}, of_x[] = {0.5F, 0.25F};
  const auto column = [](const float* values) { return MatrixView<const float>(values, 2, 1); };
  const std::pair<Var, MatrixView<const float>> seeds[] = {
      {y, column(of_y)}, {z, column(of_z)}, {input, column(of_x)}, {y, column(of_y)}};
  tape_.backward(seeds);
  EXPECT_THAT(gradient(x), ElementsAre(404.5, 4040.25));
  EXPECT_EQ(of_y[0], 1) << "gradients that were given are only read";
}

TEST_F(TapeTest, FillsWhatNothingFlowsInto) {
  Parameter& x = add("x", 3, 5);
  const std::span<float> left = tape_.arena().allocate<float>(1000);
  std::fill(left.begin(), left.end(), 3.0F);
  tape_.begin(Mode::train);
  const Var var = tape_.parameter(x), some = columns(var, 1, 3), none = columns(var, 2, 5);
  const GradientTarget to = tape_.target(some);
  EXPECT_TRUE(to.fresh);
  for (std::size_t r = 0; r < 3; ++r) std::fill_n(to.view.row(r).data(), 2, 7.0F);
  EXPECT_THAT(tape_.gradient(none).row(1), ElementsAre(7, 0, 0));
  EXPECT_THAT(tape_.gradient(var).row(2), ElementsAre(0, 7, 7, 0, 0));
}

TEST_F(TapeTest, LendsAGradientOnce) {
  Parameter& x = add("x", 2, 2);
  const Matrix<float> part(2, 4);
  const MatrixView<const float> view(part.view().data + 1, 2, 2, 4);
  tape_.begin(Mode::train);
  const Var var = tape_.parameter(x);
  EXPECT_FALSE(tape_.lend_gradient(columns(var, 0, 1), MatrixView<const float>(part.view().data, 2, 1, 4)))
      << "a part's gradient lies in the whole's";
  EXPECT_TRUE(tape_.lend_gradient(var, view));
  EXPECT_FALSE(tape_.lend_gradient(var, view));
  EXPECT_FALSE(tape_.target(var).fresh);
  EXPECT_EQ(tape_.gradient(var).data, view.data);
}

TEST_F(TapeTest, OverwritesAResultsGradientWhereItMay) {
  Parameter& x = add("x", 2, 2);
  tape_.begin(Mode::train);
  const Var var = tape_.parameter(x), y = twice(var), z = twice(var);
  const GradientTarget first = tape_.target_over(var, y), second = tape_.target_over(var, z);
  EXPECT_TRUE(first.fresh);
  EXPECT_EQ(first.view.data, tape_.gradient(y).data);
  EXPECT_FALSE(second.fresh);
  EXPECT_EQ(second.view.data, first.view.data);
}

TEST_F(TapeTest, FreshTargetsDoNotOverlap) {
  Parameter& x = add("x", 1, 10);
  tape_.begin(Mode::train);
  const Var var = tape_.parameter(x);
  EXPECT_TRUE(tape_.target(columns(var, 0, 4)).fresh);
  EXPECT_TRUE(tape_.target(columns(var, 4, 6)).fresh);
  EXPECT_FALSE(tape_.target(columns(var, 5, 9)).fresh);
  EXPECT_TRUE(tape_.target(columns(var, 9, 10)).fresh);
  EXPECT_FALSE(tape_.target(columns(var, 9, 10)).fresh) << "others of the same columns count";
  EXPECT_FALSE(tape_.target(var).fresh);
}

TEST_F(TapeTest, NamesTheShapeThatIsNoLoss) {
  Parameter& x = add("x", 2, 3);
  tape_.begin(Mode::train);
  const Var y = tape_.parameter(x);
  EXPECT_STREQ(error_of([&] { tape_.backward(y); }).what(), "backward: a loss is [1 × 1], not [2 × 3].");
  const Matrix<float> flow(3, 2);
  const std::pair<Var, MatrixView<const float>> seed{y, flow.view()};
  EXPECT_STREQ(error_of([&] { tape_.backward({&seed, 1}); }).what(), "backward: [2 × 3] and [3 × 2] do not fit.");
}

}  // namespace
}  // namespace gusto::nn
