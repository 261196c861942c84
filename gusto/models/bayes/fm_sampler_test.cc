// The sampler against a factorization machine written out flat: a dense row of inputs for each event, predictions by
// the formula, and each parameter's conditional distribution as that of a Bayesian linear regression, all in double
// precision.

#include "gusto/models/bayes/fm_sampler.h"

#include <cmath>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace gusto {
namespace {

constexpr std::size_t kUserRows = 7;
constexpr std::size_t kItemRows = 6;
constexpr std::size_t kDays = 3;
constexpr std::size_t kEvents = 60;

void add_column(FmBlock& block, const std::vector<std::pair<std::uint32_t, float>>& entries) {
  for (const auto& [row, amount] : entries) {
    block.column_rows.push_back(row);
    block.weights.push_back(amount);
  }
  block.offsets.push_back(block.column_rows.size());
}

/// Own columns, then `shared` ones that rows switch on at random.
FmBlock sharing_block(std::string name, std::size_t rows, std::size_t shared) {
  FmBlock block;
  block.name = std::move(name);
  block.rows = rows;
  for (std::uint32_t row = 0; row < rows; ++row) add_column(block, {{row, 1.0F}});
  Random random(7, "fm sampler test", rows);
  for (std::size_t j = 0; j < shared; ++j) {
    std::vector<std::pair<std::uint32_t, float>> entries;
    for (std::uint32_t row = 0; row < rows; ++row) {
      if (random.below(2) == 0) entries.emplace_back(row, static_cast<float>(0.3 + random.uniform()));
    }
    add_column(block, entries);
  }
  block.groups = {
      {block.name, 0, rows}, {"some", rows, rows + shared / 2}, {"others", rows + shared / 2, rows + shared}};
  return block;
}

FmBlock plain_block(std::string name, std::size_t rows, bool factors = true) {
  FmBlock block;
  block.name = std::move(name);
  block.rows = rows;
  block.factors = factors;
  return block;
}

/// Random events of the users in turn, with items on days, for blocks as those of design_of.
void add_events(std::size_t count, FmDesign& design) {
  const std::size_t users = design.blocks[0].rows;
  const std::size_t items = design.blocks[1].rows;
  design.rows.resize(4);
  Random random(7, "fm sampler test events");
  for (std::size_t e = 0; e < count; ++e) {
    const auto user = static_cast<std::uint32_t>(e * users / count);
    const auto day = static_cast<std::uint32_t>(random.below(kDays));
    design.rows[0].push_back(user);
    design.rows[1].push_back(static_cast<std::uint32_t>(random.below(items)));
    design.rows[2].push_back(day);
    design.rows[3].push_back(static_cast<std::uint32_t>(user * kDays + day));
  }
}

FmDesign design_of(bool sharing) {
  FmDesign design;
  design.blocks.push_back(sharing ? sharing_block("user", kUserRows, 5) : plain_block("user", kUserRows));
  design.blocks.push_back(sharing ? sharing_block("item", kItemRows, 4) : plain_block("item", kItemRows));
  design.blocks.push_back(plain_block("day", kDays));
  design.blocks.push_back(plain_block("user_day", kUserRows * kDays, false));
  add_events(kEvents, design);
  return design;
}

std::vector<float> targets(std::size_t count = kEvents) {
  Random random(7, "fm sampler test targets");
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

/// All columns of all blocks side by side.
class FlatMachine {
 public:
  FlatMachine(const FmDesign& design, const FmSampler& sampler) : dim_(sampler.dim()) {
    for (std::size_t b = 0; b < design.blocks.size(); ++b) {
      const FmBlock& block = design.blocks[b];
      const FmSampler::State& state = sampler.state(b);
      first_.push_back(w_.size());
      const std::size_t columns = block.shares() ? block.columns() : block.rows;
      for (std::size_t j = 0; j < columns; ++j) {
        w_.push_back(block.shares() ? state.weights[j] : state.linear[j]);
        std::vector<double> v(dim_);
        for (std::size_t f = 0; f < dim_ && block.factors; ++f) {
          v[f] = block.shares() ? state.column_factors(f, j) : state.factors(j, f);
        }
        v_.push_back(v);
      }
    }
    x_.assign(kEvents, std::vector<double>(w_.size()));
    for (std::size_t e = 0; e < kEvents; ++e) {
      for (std::size_t b = 0; b < design.blocks.size(); ++b) {
        const FmBlock& block = design.blocks[b];
        const std::uint32_t row = design.rows[b][e];
        if (!block.shares()) x_[e][first_[b] + row] = 1;
        for (std::size_t j = 0; j < block.columns(); ++j) {
          for (std::size_t n = block.offsets[j]; n < block.offsets[j + 1]; ++n) {
            if (block.column_rows[n] == row) x_[e][first_[b] + j] = block.weights[n];
          }
        }
      }
    }
  }

  double output(std::size_t e) const {
    double sum = 0;
    for (std::size_t j = 0; j < w_.size(); ++j) {
      sum += w_[j] * x_[e][j];
      for (std::size_t l = 0; l < j; ++l) {
        for (std::size_t f = 0; f < dim_; ++f) sum += x_[e][j] * x_[e][l] * v_[j][f] * v_[l][f];
      }
    }
    return sum;
  }

  /// Draws a parameter as the coefficient of a regression whose input is the output's derivative along it.
  void draw(double& parameter, double mean, double precision, double noise, double normal, const FmOutput& output_of) {
    std::vector<double> rest(kEvents), input(kEvents);
    const double old = parameter;
    parameter = 0;
    for (std::size_t e = 0; e < kEvents; ++e) rest[e] = output(e);
    parameter = 1;
    for (std::size_t e = 0; e < kEvents; ++e) input[e] = output(e) - rest[e];
    parameter = old;
    double left = precision;
    double right = precision * mean;
    for (std::size_t e = 0; e < kEvents; ++e) {
      left += noise * input[e] * input[e];
      right += noise * input[e] * (output_of.target(e) - rest[e]);
    }
    parameter = right / left + normal / std::sqrt(left);
  }

  double& w(std::size_t block, std::size_t column) { return w_[first_[block] + column]; }
  double& v(std::size_t block, std::size_t column, std::size_t f) { return v_[first_[block] + column][f]; }

 private:
  std::size_t dim_;
  std::vector<std::size_t> first_;
  std::vector<double> w_;
  std::vector<std::vector<double>> v_;
  std::vector<std::vector<double>> x_;
};

/// What the sampler draws for a block, with the same normal numbers, in the same order.
void draw_flat(FlatMachine& flat, const FmDesign& design, const FmSampler& sampler, std::size_t sweep, std::size_t b,
               const FmOutput& output, std::uint64_t seed) {
  const FmBlock& block = design.blocks[b];
  const FmSampler::State& state = sampler.state(b);
  const double noise = sampler.noise_precision();
  if (block.shares()) {
    std::vector<float> normals(block.columns());
    for (std::size_t c = 0; c <= sampler.dim(); ++c) {
      fm_normals(fm_key(seed, sweep, b, FmDraw::coordinate, c), normals);
      for (std::size_t g = 0; g < block.groups.size(); ++g) {
        for (std::size_t j = block.groups[g].begin; j < block.groups[g].end; ++j) {
          const FmPrior& prior = state.priors[g];
          flat.draw(c == 0 ? flat.w(b, j) : flat.v(b, j, c - 1), prior.mean[c], prior.precision[c], noise, normals[j],
                    output);
        }
      }
    }
    return;
  }
  const std::size_t coordinates = block.factors ? 1 + sampler.dim() : 1;
  std::vector<float> normals(coordinates);
  for (std::size_t row = 0; row < block.rows; ++row) {
    fm_normals(fm_key(seed, sweep, b, FmDraw::row, row), normals);
    for (std::size_t c = 0; c < coordinates; ++c) {
      flat.draw(c == 0 ? flat.w(b, row) : flat.v(b, row, c - 1), state.priors[0].mean[c], state.priors[0].precision[c],
                noise, normals[c], output);
    }
  }
}

TEST(FmSampler, DrawsWhatAFlatMachineDraws) {
  for (const bool sharing : {false, true}) {
    constexpr std::uint64_t kSeed = 11;
    const FmDesign design = design_of(sharing);
    Context context({.threads = 2});
    GaussianOutput output(targets());
    FmSampler sampler(design, 3, 0.4, kSeed, output, context);
    for (std::size_t sweep = 0; sweep < 3; ++sweep) sampler.sweep(sweep);

    FlatMachine flat(design, sampler);
    sampler.draw_noise(3);
    sampler.draw_priors(3);
    for (std::size_t b = 0; b < design.blocks.size(); ++b) {
      sampler.draw_block(3, b);
      draw_flat(flat, design, sampler, 3, b, output, kSeed);
      const FlatMachine drawn(design, sampler);
      for (std::size_t e = 0; e < kEvents; ++e) {
        ASSERT_NEAR(drawn.output(e), flat.output(e), 2e-3) << "block " << b;
        ASSERT_NEAR(sampler.residuals()[e], output.target(e) - flat.output(e), 2e-3) << "block " << b;
      }
    }
  }
}

// More events than one task takes, in blocks of rows that share columns, whose events are in another order, and that
// are alone.
TEST(FmSampler, DrawsTheSameBitsAtAnyNumberOfThreads) {
  constexpr std::uint32_t kRows = 400;
  constexpr std::size_t kMany = 70'000;
  FmDesign design;
  design.blocks = {sharing_block("user", kRows, 5), sharing_block("item", kRows, 4), plain_block("day", kDays),
                   plain_block("user_day", kRows * kDays, false)};
  add_events(kMany, design);
  const auto residuals = [&](unsigned threads) {
    Context context({.threads = threads});
    GaussianOutput output(targets(kMany));
    FmSampler sampler(design, 3, 0.4, 5, output, context);
    for (const std::size_t sweep : {30, 31}) sampler.sweep(sweep);  // the second one adds up again
    return std::vector<float>(sampler.residuals().begin(), sampler.residuals().end());
  };
  EXPECT_TRUE(residuals(1) == residuals(5));
}

// Over many sweeps the noise and the groups' standard deviations come out as the data were made.
TEST(FmSampler, FindsNoiseAndSpread) {
  constexpr std::size_t kRows = 60;
  FmDesign design;
  design.blocks = {plain_block("user", kRows), plain_block("item", kRows)};
  design.rows.resize(2);
  Random random(7, "fm sampler test truth");
  std::vector<double> user(kRows), item(kRows);
  for (double& b : user) b = 1.0 + 0.7 * random.normal();
  for (double& b : item) b = 0.4 * random.normal();
  std::vector<float> values;
  for (std::uint32_t u = 0; u < kRows; ++u) {
    for (std::uint32_t i = 0; i < kRows; ++i) {
      design.rows[0].push_back(u);
      design.rows[1].push_back(i);
      values.push_back(static_cast<float>(user[u] + item[i] + 0.5 * random.normal()));
    }
  }
  Context context({.threads = 1});
  GaussianOutput output(values);
  FmSampler sampler(design, 1, 0.1, 42, output, context);
  double noise = 0, user_stddev = 0, item_stddev = 0;
  constexpr std::size_t kSweeps = 60;
  for (std::size_t sweep = 0; sweep < kSweeps; ++sweep) {
    sampler.sweep(sweep);
    if (sweep < kSweeps / 2) continue;
    noise += 1 / std::sqrt(sampler.noise_precision());
    user_stddev += 1 / std::sqrt(sampler.state(0).priors[0].precision[0]);
    item_stddev += 1 / std::sqrt(sampler.state(1).priors[0].precision[0]);
  }
  EXPECT_NEAR(noise / (kSweeps / 2), 0.5, 0.02);
  EXPECT_NEAR(user_stddev / (kSweeps / 2), 0.7, 0.15);
  EXPECT_NEAR(item_stddev / (kSweeps / 2), 0.4, 0.1);
}

TEST(DrawGamma, HasItsMeanAndVariance) {
  Random random(7, "gamma test");
  for (const double shape : {1.0, 2.5, 300.0}) {
    double sum = 0, squares = 0;
    constexpr int kDraws = 20000;
    for (int n = 0; n < kDraws; ++n) {
      const double x = draw_gamma(random, shape);
      sum += x;
      squares += x * x;
    }
    const double mean = sum / kDraws;
    EXPECT_NEAR(mean, shape, 0.04 * shape);
    EXPECT_NEAR(squares / kDraws - mean * mean, shape, 0.1 * shape);
  }
}

}  // namespace
}  // namespace gusto
