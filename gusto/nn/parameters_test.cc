#include "gusto/nn/parameters.h"

#include <cmath>
#include <numeric>

#include <gmock/gmock.h>

#include "gusto/base/tensor_file.h"
#include "gusto/base/testing/testing.h"

namespace gusto::nn {
namespace {

using gusto::test::error_of;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<float> numbers(const Parameter& parameter) {
  const auto values = parameter.values.values();
  return {values.begin(), values.end()};
}

TEST(ParameterSet, DrawsByNameAndRow) {
  ParameterSet a(7), b(7), c(8);
  const auto add = [](ParameterSet& set, const char* name, std::size_t rows) {
    return numbers(set.add(name, ParameterKind::weights, rows, 3, Start::normal(1)));
  };
  const std::vector<float> first = add(a, "users", 4);
  add(b, "items", 9);
  std::vector<float> taller = add(b, "users", 6);
  taller.resize(first.size());
  EXPECT_EQ(taller, first) << "neither the order of parameters nor the rows that follow matter";
  EXPECT_NE(add(a, "items", 4), first);
  EXPECT_NE(add(c, "users", 4), first);
}

TEST(ParameterSet, StartsAsAsked) {
  ParameterSet set;
  const auto add = [&](const char* name, Start start) {
    return numbers(set.add(name, ParameterKind::weights, 100, 100, start));
  };
  EXPECT_THAT(add("constant", Start::constant(2.5F)), Each(2.5F));

  const std::vector<float> normal = add("normal", Start::normal(0.5F, 3));
  const double n = 10'000;
  const double mean = std::accumulate(normal.begin(), normal.end(), 0.0) / n;
  const double squares = std::inner_product(normal.begin(), normal.end(), normal.begin(), 0.0) / n;
  EXPECT_NEAR(mean, 3, 5 * 0.5 / 100);
  EXPECT_NEAR(std::sqrt(squares - mean * mean), 0.5, 0.02);

  for (const auto& [name, start, bound] :
       {std::tuple("glorot", Start::glorot(100, 50), std::sqrt(6.0 / 150)), {"he", Start::he(24), 0.5}}) {
    const std::vector<float> uniform = add(name, start);
    const auto [least, most] = std::minmax_element(uniform.begin(), uniform.end());
    EXPECT_GE(*least, -bound);
    EXPECT_LE(*most, bound);
    EXPECT_NEAR(*least, -bound, bound / 100);
    EXPECT_NEAR(*most, bound, bound / 100);
  }
}

TEST(ParameterSet, KnowsItsParameters) {
  ParameterSet set(3);
  Parameter& a = set.add("a", ParameterKind::embedding, 2, 3, Start::constant(1));
  Parameter& b = set.add("b", ParameterKind::offsets, 1, 5, Start::constant(2));
  for (int i = 0; i < 100; ++i) set.add(std::to_string(i), ParameterKind::weights, 1, 1, Start::constant(0));
  EXPECT_EQ(set.find("a"), &a);
  EXPECT_EQ(set.find("b"), &b);
  EXPECT_EQ(set.find("c"), nullptr);
  EXPECT_EQ(&set[1], &b);
  EXPECT_EQ(b.index, 1U);
  EXPECT_EQ(set.size(), 102U);
  EXPECT_EQ(set.count(), 111U);
  EXPECT_EQ(set.seed(), 3U);
}

TEST(ParameterSet, TakesANameOnce) {
  ParameterSet set;
  set.add("a", ParameterKind::weights, 1, 1, Start::constant(0));
  EXPECT_STREQ(error_of([&] { set.add("a", ParameterKind::weights, 1, 1, Start::constant(0)); }).what(),
               "Two parameters are named a.");
}

TEST(ParameterSet, ComesBackToWhatItWas) {
  ParameterSet set;
  Parameter& a = set.add("a", ParameterKind::weights, 2, 2, Start::normal(1));
  const std::vector<float> before = numbers(a);
  std::vector<Matrix<float>> kept;
  set.copy_to(kept);
  a.values.fill(9);
  set.restore(kept);
  EXPECT_EQ(numbers(a), before);
}

TEST(ParameterSet, ComesBackFromAFile) {
  ParameterSet saved(1), loaded(2), other(3);
  const auto fill = [](ParameterSet& set, std::size_t rows) {
    set.add("users", ParameterKind::embedding, rows, 3, Start::normal(1));
    set.add("bias", ParameterKind::offsets, 1, 2, Start::normal(1));
  };
  fill(saved, 4);
  fill(loaded, 4);
  fill(other, 5);
  TensorWriter out;
  saved.save(out, "net.");
  const TensorFile in = TensorFile::parse(out.serialize(), "x.gusto");
  loaded.load(in, "net.");
  EXPECT_EQ(numbers(loaded[0]), numbers(saved[0]));
  EXPECT_EQ(numbers(loaded[1]), numbers(saved[1]));
  const Error wrong_shape = error_of([&] { other.load(in, "net."); });
  EXPECT_EQ(wrong_shape.code(), ErrorCode::corrupt_file);
  EXPECT_THAT(wrong_shape.what(), HasSubstr("net.users"));
  const Error missing = error_of([&] { loaded.load(in, "web."); });
  EXPECT_EQ(missing.code(), ErrorCode::corrupt_file);
  EXPECT_THAT(missing.what(), HasSubstr("web.users"));
}

TEST(LazyDecay, IsTheProductOfTheFactorsSinceARowWasWritten) {
  LazyDecay decay;
  decay.written = {0, 2, 3};
  decay.log_factor = {0, std::log(0.9), std::log(0.9 * 0.8), std::log(0.9 * 0.8 * 0.5)};
  EXPECT_FLOAT_EQ(decay.factor(0), 0.36F);
  EXPECT_FLOAT_EQ(decay.factor(1), 0.5F);
  EXPECT_FLOAT_EQ(decay.factor(2), 1);
}

}  // namespace
}  // namespace gusto::nn
