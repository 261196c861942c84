#include "gusto/nn/losses.h"

#include <cmath>

#include <gmock/gmock.h>

#include "gusto/base/testing/testing.h"
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

// Around blocks of 64, and short.
constexpr std::size_t kRowCounts[] = {1, 5, 64, 65, 130};
constexpr float kScale = 0.25F;

Doubles sum_of(const Twins& in, const std::function<double(std::size_t)>& loss) {
  Doubles y(1, 1);
  for (std::size_t r = 0; r < in[0].rows(); ++r) y(0, 0) += static_cast<double>(kScale) * loss(r);
  return y;
}

void check_loss(const std::function<Var(Var, std::span<const float>)>& compute, double (*loss)(double p, double t),
                double low, double high) {
  for (const std::size_t rows : kRowCounts) {
    const Doubles targets = test::random_doubles(rows, 1, 7, low, high);
    const Matrix<float> floats = test::to_floats(targets);
    check(
        {{{rows, 1}},
         [&](Tape&, const Inputs& in) { return compute(in.vars[0], floats.values()); },
         [&](const Twins& in) { return sum_of(in, [&](std::size_t r) { return loss(in[0](r, 0), targets(r, 0)); }); }});
  }
}

double softplus(double z) { return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))); }

TEST(SquaredLoss, IsItsTwin) {
  check_loss([](Var p, auto t) { return squared_loss(p, t, kScale); },
             [](double p, double t) { return (p - t) * (p - t); }, -2, 2);
}
TEST(AbsoluteLoss, IsItsTwin) {
  check_loss([](Var p, auto t) { return absolute_loss(p, t, kScale); },
             [](double p, double t) { return std::abs(p - t); }, -2, 2);
}
TEST(HuberLoss, IsItsTwin) {
  check_loss([](Var p, auto t) { return huber_loss(p, t, 0.75F, kScale); },
             [](double p, double t) {
               const double e = std::abs(p - t);
               return e <= 0.75 ? e * e / 2 : 0.75 * (e - 0.375);
             },
             -2, 2);
}
TEST(LogisticLoss, IsItsTwin) {
  check_loss([](Var p, auto t) { return logistic_loss(p, t, kScale); },
             [](double z, double t) { return softplus(z) - t * z; }, 0, 1);
}
TEST(BprLoss, IsItsTwin) {
  for (const std::size_t rows : kRowCounts) {
    check({{{rows, 1}, {rows, 1}},
           [](Tape&, const Inputs& in) { return bpr_loss(in.vars[0], in.vars[1], kScale); },
           [](const Twins& in) {
             return sum_of(in, [&](std::size_t r) { return softplus(in[1](r, 0) - in[0](r, 0)); });
           }});
  }
}
TEST(SoftmaxLoss, IsItsTwin) {
  for (const std::size_t rows : {1U, 7U}) {
    for (const std::size_t cols : {1U, 5U, 16U, 37U}) {
      std::vector<std::uint32_t> targets;
      for (std::size_t r = 0; r < rows; ++r) targets.push_back(static_cast<std::uint32_t>(r * 11 % cols));
      check({{{rows, cols}},
             [&](Tape&, const Inputs& in) { return softmax_loss(in.vars[0], targets, kScale); },
             [&](const Twins& in) {
               return sum_of(in, [&](std::size_t r) {
                 double sum = 0;
                 for (const double x : in[0].row(r)) sum += std::exp(x);
                 return std::log(sum) - in[0](r, targets[r]);
               });
             }});
    }
  }
}

// The loss and its slope for one prediction.
struct Point {
  float loss;
  float slope;
};
template <class Loss>
Point loss_at(float prediction, const Loss& loss) {
  ParameterSet set;
  Parameter& p = set.add("p", ParameterKind::weights, 1, 1, Start::constant(prediction));
  Tape tape;
  tape.begin(Mode::train);
  const Var y = loss(tape.parameter(p));
  tape.backward(y);
  return {y.value()(0, 0), tape.dense()[0].gradient(0, 0)};
}

TEST(LogisticLoss, DoesNotOverflowOnSureLogits) {
  const float targets[] = {0, 1};
  for (const float z : {-1000.0F, -90.0F, 90.0F, 1000.0F}) {
    for (const float& t : targets) {
      const Point found = loss_at(z, [&](Var p) { return logistic_loss(p, {&t, 1}, 1); });
      const bool right = (z > 0) == (t > 0);
      EXPECT_NEAR(found.loss, right ? 0 : std::abs(z), 1e-20) << z << ' ' << t;
      EXPECT_NEAR(found.slope, right ? 0 : (z > 0 ? 1 : -1), 1e-20) << z << ' ' << t;
    }
  }
}

TEST(LogisticLoss, KeepsTheDigitsOfSureAndRightPredictions) {
  const float one = 1;
  const Point found = loss_at(20, [&](Var p) { return logistic_loss(p, {&one, 1}, 1); });
  EXPECT_NEAR(found.loss, std::exp(-20.0), 1e-14);
}

TEST(BprLoss, DoesNotOverflowOnSurePairs) {
  for (const float difference : {-1000.0F, 1000.0F}) {
    const Point found = loss_at(difference, [](Var p) { return bpr_loss(p, affine(p, 0), 1); });
    EXPECT_NEAR(found.loss, difference > 0 ? 0 : 1000, 1e-20);
    EXPECT_NEAR(found.slope, difference > 0 ? 0 : -1, 1e-20);
  }
}

TEST(SoftmaxLoss, DoesNotOverflowOnSureLogits) {
  const std::uint32_t first = 0;
  for (const float z : {-1000.0F, 1000.0F}) {
    const Point found = loss_at(z, [&](Var p) {
      return softmax_loss(concat(std::vector{p, affine(p, 0), affine(p, 0)}), {&first, 1}, 1);
    });
    EXPECT_FLOAT_EQ(found.loss, z > 0 ? 0 : 1000 + std::log(2.0F));
    EXPECT_FLOAT_EQ(found.slope, z > 0 ? 0 : -1);
  }
}

TEST(AbsoluteLoss, IsFlatAtItsTarget) {
  const float target = 3;
  EXPECT_EQ(loss_at(3, [&](Var p) { return absolute_loss(p, {&target, 1}, 1); }).slope, 0);
}

TEST(Losses, PassOnNotANumber) {
  const float target = 0;
  const auto nan = std::nanf("");
  EXPECT_TRUE(std::isnan(loss_at(nan, [&](Var p) { return squared_loss(p, {&target, 1}, 1); }).loss));
  EXPECT_TRUE(std::isnan(loss_at(nan, [&](Var p) { return absolute_loss(p, {&target, 1}, 1); }).loss));
  EXPECT_TRUE(std::isnan(loss_at(nan, [&](Var p) { return huber_loss(p, {&target, 1}, 1, 1); }).loss));
  EXPECT_TRUE(std::isnan(loss_at(nan, [&](Var p) { return logistic_loss(p, {&target, 1}, 1); }).loss));
  EXPECT_TRUE(std::isnan(loss_at(nan, [&](Var p) { return bpr_loss(p, affine(p, 0), 1); }).loss));
}

TEST(Losses, AreTheSameWithoutGradients) {
  const Matrix<float> values = test::to_floats(test::random_doubles(70, 3, 1, -2, 2));
  const Matrix<float> targets = test::to_floats(test::random_doubles(70, 1, 2, 0, 1));
  const std::vector<std::uint32_t> columns(70, 2);
  ParameterSet set;
  Parameter& p = set.add("p", ParameterKind::weights, 70, 3, Start::constant(0));
  p.values = values;
  std::vector<float> found[2];
  for (const Mode mode : {Mode::train, Mode::infer}) {
    Tape tape;
    tape.begin(mode);
    const Var x = tape.parameter(p), first = nn::columns(x, 0, 1);
    for (const Var y : {logistic_loss(first, targets.values(), 1), softmax_loss(x, columns, 1)}) {
      found[mode == Mode::train].push_back(y.value()(0, 0));
    }
  }
  EXPECT_EQ(found[0], found[1]);
}

TEST(Losses, NameTheShapesThatDoNotFit) {
  Tape tape;
  tape.begin(Mode::infer);
  const Matrix<float> wide(4, 2), column(4, 1);
  const std::vector<float> targets(3);
  const std::vector<std::uint32_t> positions(3);
  const Var x = tape.constant(wide.view()), y = tape.constant(column.view());
  EXPECT_STREQ(error_of([&] { squared_loss(y, targets, 1); }).what(), "squared_loss: [4 × 1] and [3 × 1] do not fit.");
  EXPECT_STREQ(error_of([&] { absolute_loss(x, targets, 1); }).what(),
               "absolute_loss: [4 × 2] and [3 × 1] do not fit.");
  EXPECT_STREQ(error_of([&] { huber_loss(y, targets, 1, 1); }).what(), "huber_loss: [4 × 1] and [3 × 1] do not fit.");
  EXPECT_STREQ(error_of([&] { logistic_loss(y, targets, 1); }).what(),
               "logistic_loss: [4 × 1] and [3 × 1] do not fit.");
  EXPECT_STREQ(error_of([&] { bpr_loss(y, x, 1); }).what(), "bpr_loss: [4 × 1] and [4 × 2] do not fit.");
  EXPECT_STREQ(error_of([&] { softmax_loss(x, positions, 1); }).what(),
               "softmax_loss: [4 × 2] and [3 × 1] do not fit.");
  const std::vector<std::uint32_t> beyond{0, 1, 2, 0};
  EXPECT_STREQ(error_of([&] { softmax_loss(x, beyond, 1); }).what(), "softmax_loss: column 2 is a target in [4 × 2].");
  EXPECT_STREQ(error_of([&] { huber_loss(y, targets, 0, 1); }).what(), "huber_loss: delta 0 is not above 0.");
}

}  // namespace
}  // namespace gusto::nn
