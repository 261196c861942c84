#include "gusto/nn/candidate_loss.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>

#include "gusto/base/parallel.h"
#include "gusto/base/random.h"

namespace gusto::nn {
namespace {

constexpr float kMasked = -std::numeric_limits<float>::infinity();

Matrix<float> drawn(std::size_t rows, std::size_t cols, std::uint64_t seed) {
  Matrix<float> values(rows, cols);
  Random random(seed, "candidate loss test");
  for (float& x : values.values()) x = static_cast<float>(random.normal());
  return values;
}

/// A batch with everything that a batch may have.
struct CandidateCase {
  CandidateCase(std::size_t rows, std::size_t candidates, std::size_t dim, CandidateLoss loss)
      : query_users(drawn(rows, dim, 1)), items(drawn(candidates, dim, 2)) {
    Random random(3, "candidate loss test");
    hidden_offsets.push_back(0);
    for (std::size_t r = 0; r < rows; ++r) {
      targets.push_back(static_cast<std::uint32_t>(random.below(candidates)));
      own.push_back(static_cast<float>(random.normal()));
      for (int h = 0; h < 3; ++h) hidden.push_back(static_cast<std::uint32_t>(random.below(candidates)));
      hidden.push_back(targets.back());  // counts all the same
      hidden_offsets.push_back(static_cast<std::uint32_t>(hidden.size()));
    }
    const bool binary = loss == CandidateLoss::binary;
    for (std::size_t c = 0; c < candidates; ++c) {
      const bool only_target = c % 7 == 3;
      others.push_back(only_target ? (binary ? 0 : kMasked)
                                   : static_cast<float>(binary ? random.uniform() : random.normal()));
    }
    batch.query_users = query_users.view();
    batch.items = items.view();
    batch.targets = targets;
    batch.others = others;
    if (!binary) batch.own = own;
    batch.hidden_offsets = hidden_offsets;
    batch.hidden = hidden;
    batch.sharpness = 0.7F;
    batch.positive = binary ? 0.4F : 1;
    batch.loss = loss;
  }

  bool is_hidden(std::size_t r, std::size_t c) const {
    if (c == targets[r]) return false;
    for (std::uint32_t h = hidden_offsets[r]; h < hidden_offsets[r + 1]; ++h) {
      if (hidden[h] == c) return true;
    }
    return others[c] == kMasked;
  }

  Matrix<float> query_users, items;
  std::vector<std::uint32_t> targets, hidden_offsets, hidden;
  std::vector<float> others, own;
  CandidateBatch batch;
};

/// The definition, in double; q and v may differ from the case's own.
double plain_loss(const CandidateCase& of, const Matrix<double>& q, const Matrix<double>& v) {
  double loss = 0;
  for (std::size_t r = 0; r < q.rows(); ++r) {
    const std::size_t t = of.targets[r];
    double sum = 0;
    double wanted = 0;
    for (std::size_t c = 0; c < v.rows(); ++c) {
      if (of.is_hidden(r, c)) continue;
      double z = 0;
      for (std::size_t k = 0; k < q.cols(); ++k) z += q(r, k) * v(c, k);
      z *= static_cast<double>(of.batch.sharpness);
      if (of.batch.loss == CandidateLoss::softmax) {
        z += static_cast<double>(c == t ? of.own[r] : of.others[c]);
        sum += std::exp(z);
        if (c == t) wanted = z;
      } else if (c == t) {
        loss += static_cast<double>(of.batch.positive) * std::log1p(std::exp(-z));
      } else {
        loss += static_cast<double>(of.others[c]) * std::log1p(std::exp(z));
      }
    }
    if (of.batch.loss == CandidateLoss::softmax) loss += std::log(sum) - wanted;
  }
  return loss;
}

Matrix<double> doubles(const Matrix<float>& from) {
  Matrix<double> to(from.rows(), from.cols());
  for (std::size_t i = 0; i < from.values().size(); ++i) to.values()[i] = static_cast<double>(from.values()[i]);
  return to;
}

class CandidateLossTest : public ::testing::TestWithParam<CandidateLoss> {};

TEST_P(CandidateLossTest, IsItsDefinitionAndGradientsAreItsSlopes) {
  constexpr float kScale = 0.25F;
  ThreadPool pool(2);
  for (const auto& [rows, candidates, dim] : {std::array<std::size_t, 3>{1, 1, 1}, {3, 5, 4}, {70, 33, 5}}) {
    const CandidateCase of(rows, candidates, dim, GetParam());
    Matrix<float> dq(rows, dim);
    Matrix<float> dv(candidates, dim);
    dv.fill(99);  // overwritten
    CandidateLosses losses;
    const double loss = losses.run(of.batch, kScale, dq.view(), dv.view(), pool);
    Matrix<double> q = doubles(of.query_users);
    Matrix<double> v = doubles(of.items);
    const double plain = plain_loss(of, q, v) * kScale;
    EXPECT_NEAR(loss, plain, 1e-4 * (1 + std::abs(plain)));
    constexpr double kStep = 1e-4;
    const auto check = [&](Matrix<double>& at, const Matrix<float>& gradient) {
      for (std::size_t i = 0; i < at.values().size(); ++i) {
        const double here = at.values()[i];
        at.values()[i] = here + kStep;
        const double above = plain_loss(of, q, v);
        at.values()[i] = here - kStep;
        const double below = plain_loss(of, q, v);
        at.values()[i] = here;
        ASSERT_NEAR(gradient.values()[i], kScale * (above - below) / (2 * kStep), 2e-4) << rows << " rows, " << i;
      }
    };
    check(q, dq);
    check(v, dv);
  }
}

TEST_P(CandidateLossTest, HasTheSameBitsAtAnyNumberOfThreads) {
  const CandidateCase of(700, 90, 8, GetParam());
  const auto run = [&](unsigned threads) {
    ThreadPool pool(threads);
    CandidateLosses losses;
    Matrix<float> dq(700, 8);
    Matrix<float> dv(90, 8);
    double loss = 0;
    // Twice: what is kept from one call does not reach into the next.
    for (int time = 0; time < 2; ++time) loss = losses.run(of.batch, 1, dq.view(), dv.view(), pool);
    std::vector<float> all(dq.values().begin(), dq.values().end());
    all.insert(all.end(), dv.values().begin(), dv.values().end());
    all.push_back(static_cast<float>(loss));
    return all;
  };
  const std::vector<float> once = run(1);
  EXPECT_EQ(run(2), once);
  EXPECT_EQ(run(5), once);
}

TEST_P(CandidateLossTest, StaysFiniteAtExtremes) {
  CandidateCase of(4, 6, 3, GetParam());
  for (float& x : of.query_users.values()) x *= 1000;
  for (float& x : of.items.values()) x *= 1000;
  ThreadPool pool(1);
  Matrix<float> dq(4, 3);
  Matrix<float> dv(6, 3);
  EXPECT_TRUE(std::isfinite(CandidateLosses().run(of.batch, 1, dq.view(), dv.view(), pool)));
  for (const float x : dq.values()) EXPECT_TRUE(std::isfinite(x));
  for (const float x : dv.values()) EXPECT_TRUE(std::isfinite(x));
}

INSTANTIATE_TEST_SUITE_P(Both, CandidateLossTest, ::testing::Values(CandidateLoss::softmax, CandidateLoss::binary),
                         [](const auto& one) {
                           return std::string(kCandidateLossNames[static_cast<std::size_t>(one.param)]);
                         });

}  // namespace
}  // namespace gusto::nn
