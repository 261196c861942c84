// Each kernel against its plain reference version, in double precision.

#include "gusto/models/bayes/fm_kernels.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/base/matrix.h"
#include "gusto/base/random.h"

namespace gusto {
namespace {

std::vector<float> random_floats(std::size_t count, std::uint64_t row) {
  Random random(7, "fm kernels test", row);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

std::vector<std::uint32_t> random_rows(std::size_t count, std::size_t rows, std::uint64_t row) {
  Random random(7, "fm kernels test rows", row);
  std::vector<std::uint32_t> values(count);
  for (std::uint32_t& value : values) value = static_cast<std::uint32_t>(random.below(rows));
  return values;
}

TEST(FmNormals, HaveTheMomentsOfANormalDistribution) {
  std::vector<float> draws(200'001);
  fm_normals(42, draws);
  double sum = 0, squares = 0, fourths = 0, beyond_two = 0;
  for (const double x : draws) {
    sum += x;
    squares += x * x;
    fourths += x * x * x * x;
    beyond_two += std::abs(x) > 2 ? 1 : 0;
  }
  const auto n = static_cast<double>(draws.size());
  EXPECT_NEAR(sum / n, 0, 0.01);
  EXPECT_NEAR(squares / n, 1, 0.015);
  EXPECT_NEAR(fourths / n, 3, 0.12);
  EXPECT_NEAR(beyond_two / n, 0.0455, 0.002);
}

TEST(FmNormals, DependOnKeyAndPlaceAlone) {
  std::vector<float> many(1111);
  std::vector<float> few(7);
  fm_normals(1, many);
  fm_normals(1, few);
  for (std::size_t n = 0; n < few.size(); ++n) EXPECT_EQ(few[n], many[n]);
  fm_normals(2, few);
  EXPECT_NE(few[0], many[0]);
}

TEST(FmGather, LaysOutSumsOfRowsAsColumns) {
  constexpr std::size_t kWidth = 8;
  for (const std::size_t events : {0, 1, 4, 7, 16, 37}) {
    const std::vector<float> first = random_floats(5 * kWidth, 1);
    const std::vector<float> second = random_floats(3 * kWidth, 2);
    const std::vector<std::uint32_t> first_rows = random_rows(events, 5, 1);
    const std::vector<std::uint32_t> second_rows = random_rows(events, 3, 2);
    const FmLookup at{2, {first_rows.data(), second_rows.data()}};
    const std::vector<const float*> tables{first.data(), second.data()};
    const std::size_t padded = fm_padded(events);
    std::vector<float> h((1 + kWidth) * padded, 99);
    fm_gather(at, tables, kWidth, events, h.data());
    for (std::size_t e = 0; e < padded; ++e) {
      EXPECT_EQ(h[e], e < events ? 1 : 0);
      for (std::size_t f = 0; f < kWidth; ++f) {
        const float sum = e < events ? first[first_rows[e] * kWidth + f] + second[second_rows[e] * kWidth + f] : 0;
        EXPECT_EQ(h[(1 + f) * padded + e], sum);
      }
    }
  }
}

TEST(FmSampleRow, DrawsEachCoordinateGivenAllElse) {
  constexpr std::size_t kCoordinates = 5;
  for (const std::size_t events : {0, 1, 15, 16, 100}) {
    const std::size_t padded = fm_padded(events);
    const std::vector<float> draws = random_floats(kCoordinates * events, 3);
    std::vector<float> h(kCoordinates * padded);
    std::vector<float> residuals(padded);
    const std::vector<float> start = random_floats(events, 4);
    std::copy(start.begin(), start.end(), residuals.begin());
    for (std::size_t c = 0; c < kCoordinates; ++c) {
      for (std::size_t e = 0; e < events; ++e) h[c * padded + e] = draws[c * events + e];
    }
    const std::vector<float> mean = random_floats(kCoordinates, 5);
    const std::vector<float> precision{0.5F, 1, 2, 4, 8};
    const std::vector<float> normals = random_floats(kCoordinates, 6);
    std::vector<float> theta = random_floats(kCoordinates, 7);

    std::vector<double> expected(theta.begin(), theta.end());
    std::vector<double> r(start.begin(), start.end());
    constexpr double kNoise = 1.7;
    for (std::size_t c = 0; c < kCoordinates; ++c) {
      double squares = 0, products = 0;
      for (std::size_t e = 0; e < events; ++e) {
        const double x = h[c * padded + e];
        squares += x * x;
        products += x * (r[e] + x * expected[c]);
      }
      const double p = precision[c] + kNoise * squares;
      const double drawn = (precision[c] * mean[c] + kNoise * products) / p + normals[c] / std::sqrt(p);
      for (std::size_t e = 0; e < events; ++e) r[e] -= h[c * padded + e] * (drawn - expected[c]);
      expected[c] = drawn;
    }
    fm_sample_row({mean, precision}, 1.7F, normals, h.data(), padded, residuals.data(), theta);
    for (std::size_t c = 0; c < kCoordinates; ++c) EXPECT_NEAR(theta[c], expected[c], 1e-4);
    for (std::size_t e = 0; e < padded; ++e) EXPECT_NEAR(residuals[e], e < events ? r[e] : 0, 1e-4);
  }
}

TEST(FmShiftAndSum, LowersWhatIsDueAndAddsUpTheRest) {
  constexpr std::size_t kEvents = 61;
  const std::vector<std::uint64_t> begin{0, 0, 1, 20, 61};
  const std::vector<float> previous = random_floats(9, 1);
  const std::vector<float> next = random_floats(9, 2);
  const std::vector<float> more_previous = random_floats(4, 3);
  const std::vector<float> more_next = random_floats(4, 4);
  const std::vector<std::uint32_t> rows = random_rows(kEvents, 9, 1);
  const std::vector<std::uint32_t> more_rows = random_rows(kEvents, 4, 2);
  const FmLookup at{2, {rows.data(), more_rows.data()}};
  const std::vector<const float*> before{previous.data(), more_previous.data()};
  const std::vector<const float*> after{next.data(), more_next.data()};
  for (const bool has_previous : {false, true}) {
    for (const bool has_next : {false, true}) {
      std::vector<float> residuals = random_floats(kEvents, 5);
      const std::vector<float> start = residuals;
      std::vector<FmRowSums> sums(4);
      for (std::size_t b = 0; b < sums.size(); ++b) {
        sums[b].slope = static_cast<float>(b);
        sums[b].shift = 0.5F;
      }
      fm_shift_and_sum(at, has_previous ? before.data() : nullptr, has_next ? after.data() : nullptr, begin, 0, 4,
                       residuals.data(), sums);
      for (std::size_t b = 0; b < sums.size(); ++b) {
        double sum = 0, squares = 0, residual = 0, product = 0;
        for (std::size_t e = begin[b]; e < begin[b + 1]; ++e) {
          const double old = has_previous ? previous[rows[e]] + more_previous[more_rows[e]] : 0;
          const double factor = has_next ? next[rows[e]] + more_next[more_rows[e]] : 0;
          const double r = start[e] - 0.5 - static_cast<double>(b) * old;
          EXPECT_NEAR(residuals[e], r, 1e-5);
          sum += factor;
          squares += factor * factor;
          residual += r;
          product += factor * r;
        }
        EXPECT_EQ(sums[b].count, static_cast<float>(begin[b + 1] - begin[b]));
        EXPECT_NEAR(sums[b].sum, sum, 1e-4);
        EXPECT_NEAR(sums[b].squares, squares, 1e-4);
        EXPECT_NEAR(sums[b].residual, residual, 1e-4);
        EXPECT_NEAR(sums[b].product, product, 1e-4);
        EXPECT_EQ(sums[b].slope, 0);
        EXPECT_EQ(sums[b].shift, 0);
      }
    }
  }
}

TEST(FmDots, AreOfEachSample) {
  for (const std::size_t dim : {1, 5, 8, 33}) {
    const std::vector<float> a = random_floats(3 * dim, 1);
    const std::vector<float> b = random_floats(3 * dim, 2);
    std::vector<float> out(3);
    fm_dots(a.data(), b.data(), dim, out);
    for (std::size_t s = 0; s < 3; ++s) {
      double sum = 0;
      for (std::size_t f = s * dim; f < (s + 1) * dim; ++f) sum += a[f] * b[f];
      EXPECT_NEAR(out[s], sum, 1e-4);
    }
  }
}

}  // namespace
}  // namespace gusto
