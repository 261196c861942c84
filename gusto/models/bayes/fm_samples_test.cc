#include "gusto/models/bayes/fm_samples.h"

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/base/linalg.h"
#include "gusto/base/tensor_file.h"
#include "gusto/base/testing/testing.h"
#include "gusto/models/testing/data.h"

namespace gusto {
namespace {

constexpr std::size_t kSamples = 3;
constexpr std::size_t kDim = 4;

/// A sampler over ratings on two days, with sets, and the samples that it left.
class FmSamplesTest : public ::testing::Test {
 protected:
  FmSamplesTest() {
    std::vector<Event> events = test::random_events(9, 7);
    for (std::size_t e = 0; e < events.size(); ++e) events[e].time = static_cast<std::int64_t>(e % 2) * 86400;
    data_ = test::dataset_of(10, 8, events);
    features_ = std::make_unique<FmFeatures>(
        *data_, FmInputs{.rated = true, .raters = true, .day = true, .user_day = true, .fields = {}});
    std::vector<std::uint32_t> users, items;
    for (std::size_t u = 0; u < 10; ++u) {
      for (const ItemRow item : data_->history(UserRow(u)).items) {
        users.push_back(static_cast<std::uint32_t>(u));
        items.push_back(item.index);
      }
    }
    design_ = features_->design(*data_, users, items, {data_->times().begin(), data_->times().end()});
    std::vector<float> targets(data_->values().begin(), data_->values().end());
    for (float& target : targets) target -= 3;
    targets_ = targets;
    output_ = std::make_unique<GaussianOutput>(std::move(targets));
    sampler_ = std::make_unique<FmSampler>(design_, kDim, 0.3, 42, *output_, context_);
    samples_ = FmSamples(design_.blocks, kDim, kSamples);
    for (std::size_t s = 0; s < kSamples; ++s) {
      sampler_->sweep(s);
      samples_.keep(s, *sampler_, output_->offset(), context_);
    }
  }

  Context context_{ContextOptions{.threads = 2}};
  std::shared_ptr<const Dataset> data_;
  std::unique_ptr<FmFeatures> features_;
  FmDesign design_;
  std::vector<float> targets_;
  std::unique_ptr<GaussianOutput> output_;
  std::unique_ptr<FmSampler> sampler_;
  FmSamples samples_;
};

TEST_F(FmSamplesTest, GiveTheOutputsThatTheSamplerHad) {
  std::vector<float> outputs(kSamples);
  for (std::size_t e = 0; e < design_.events(); ++e) {
    FmPart rest = samples_.start();
    for (const std::size_t b : {std::size_t{0}, std::size_t{2}, std::size_t{3}}) {
      samples_.join(rest, b, design_.rows[b][e]);
    }
    samples_.outputs(rest, design_.rows[FmFeatures::kItem][e], outputs);
    EXPECT_NEAR(outputs[kSamples - 1], targets_[e] - sampler_->residuals()[e], 1e-4);
  }
}

// The slope of a new user's log posterior along their own weight is zero at the mean that they get. Checked in the last
// sample, whose priors the sampler still holds.
TEST_F(FmSamplesTest, NewUsersGetTheMeanGivenTheirEvents) {
  constexpr std::size_t kLast = kSamples - 1;
  const std::vector<HistoryEvent> history{{ItemRow(1), 4, 0}, {ItemRow(3), 5, 86400}, {ItemRow(4), 2, 0}};
  const std::vector<FmEntry> columns = features_->new_user(Query::with_history(history));
  std::vector<FmPlace> places;
  for (const HistoryEvent& event : history) places.push_back({event.item.index, features_->day_row(event.time)});
  const auto mean_given = [&](std::span<const FmPlace> at) {
    const auto targets = [&](std::size_t, std::size_t, std::span<const float>, std::span<const float>,
                             std::span<float> out) {
      for (std::size_t e = 0; e < out.size(); ++e) out[e] = history[e].value - 3;
    };
    return samples_.new_user(columns, at, 1, targets, *features_).mean;
  };
  const FmPart mean = mean_given(places);
  const FmPart prior = mean_given({});

  // Their days' own effects count as more noise.
  const FmPrior& user_days = sampler_->state(features_->user_day_block()).priors[0];
  const double noise = 1 / sampler_->noise_precision() + 1 / static_cast<double>(user_days.precision[0]);
  double slope = 0;
  std::vector<float> outputs(kSamples);
  for (std::size_t e = 0; e < places.size(); ++e) {
    FmPart rest = samples_.start();
    samples_.join(rest, mean);
    samples_.join(rest, features_->day_block(), *places[e].day);
    samples_.join_mean(rest, features_->user_day_block());
    samples_.outputs(rest, places[e].item, outputs);
    slope += static_cast<double>(history[e].value - 3 - outputs[kLast]) / noise;
  }
  // What a row adds by itself holds the own weight, and what the own factors have to do with the shared columns.
  const FmPrior& own = sampler_->state(FmFeatures::kUser).priors[0];
  double change = mean.linear[kLast] - prior.linear[kLast];
  for (std::size_t f = 0; f < kDim; ++f) {
    const float before = prior.factors[kLast * kDim + f];
    const double shared = before - own.mean[1 + f];
    change -= shared * static_cast<double>(mean.factors[kLast * kDim + f] - before);
  }
  EXPECT_NEAR(slope, static_cast<double>(own.precision[0]) * change, 1e-3 * (1 + std::abs(slope)));
}

// Many samples that are all equal but for the keys of what is drawn: draws are normal about their mean, with the
// inverse of their precision as covariance. One event is of a day that nobody knows.
TEST_F(FmSamplesTest, NewUsersAreDrawnFromTheirDistribution) {
  constexpr std::size_t kCopies = 4000;
  constexpr std::size_t kWidth = 1 + kDim;
  const FmFeatures features(*data_, {.day = true, .user_day = true});
  const std::vector<std::uint32_t> users = design_.rows[FmFeatures::kUser];
  const std::vector<std::uint32_t> items = design_.rows[FmFeatures::kItem];
  const FmDesign design = features.design(*data_, users, items, {data_->times().begin(), data_->times().end()});
  GaussianOutput output(targets_);
  FmSampler sampler(design, kDim, 0.3, 42, output, context_);
  for (std::size_t sweep = 0; sweep < 5; ++sweep) sampler.sweep(sweep);
  FmSamples copies(design.blocks, kDim, kCopies);
  for (std::size_t s = 0; s < kCopies; ++s) copies.keep(s, sampler, output.offset(), context_);

  const std::vector<FmPlace> places{{1, 0}, {3, 1}, {4, std::nullopt}};
  const auto targets = [&](std::size_t, std::size_t, std::span<const float>, std::span<const float>,
                           std::span<float> out) { std::fill(out.begin(), out.end(), 1.0F); };
  const FmEstimate row = copies.new_user({}, places, 1, targets, features);
  const auto coordinate = [&](const FmPart& part, std::size_t s, std::size_t c) {
    return static_cast<double>(c == 0 ? part.linear[s] : part.factors[s * kDim + c - 1]);
  };

  const auto prior_of = [&](std::size_t block) -> const FmPrior& { return sampler.state(block).priors[0]; };
  const FmPrior& own = prior_of(FmFeatures::kUser);
  const FmPrior& days = prior_of(features.day_block());
  Matrix<double> precision(kWidth, kWidth);
  std::vector<double> right(kWidth);
  for (std::size_t c = 0; c < kWidth; ++c) {
    precision(c, c) = own.precision[c];
    right[c] = static_cast<double>(own.precision[c]) * static_cast<double>(own.mean[c]);
  }
  for (const FmPlace& place : places) {
    const auto& item = sampler.state(FmFeatures::kItem);
    const auto& day = sampler.state(features.day_block());
    double variance =
        1 / sampler.noise_precision() + 1 / static_cast<double>(prior_of(features.user_day_block()).precision[0]);
    double rest = output.offset() + item.linear[place.item] + prior_of(features.user_day_block()).mean[0];
    if (!place.day) variance += 1 / static_cast<double>(days.precision[0]);
    rest += place.day ? day.linear[*place.day] : days.mean[0];
    std::vector<double> h{1};
    for (std::size_t f = 0; f < kDim; ++f) {
      const double of_item = item.factors(place.item, f);
      const double of_day = place.day ? day.factors(*place.day, f) : days.mean[1 + f];
      if (!place.day) variance += of_item * of_item / static_cast<double>(days.precision[1 + f]);
      rest += of_item * of_day;
      h.push_back(of_item + of_day);
    }
    for (std::size_t a = 0; a < kWidth; ++a) {
      right[a] += h[a] * (1 - rest) / variance;
      for (std::size_t b = 0; b < kWidth; ++b) precision(a, b) += h[a] * h[b] / variance;
    }
  }
  const Cholesky factored(precision.view());
  std::vector<double> mean = right;
  factored.solve(mean);
  for (std::size_t a = 0; a < kWidth; ++a) {
    std::vector<double> covariance(kWidth);
    covariance[a] = 1;
    factored.solve(covariance);
    double sum = 0;
    std::vector<double> products(kWidth);
    for (std::size_t s = 0; s < kCopies; ++s) {
      EXPECT_NEAR(coordinate(row.mean, s, a), mean[a], 1e-3);
      sum += coordinate(row.drawn, s, a) - mean[a];
      for (std::size_t b = 0; b < kWidth; ++b) {
        products[b] += (coordinate(row.drawn, s, a) - mean[a]) * (coordinate(row.drawn, s, b) - mean[b]);
      }
    }
    const double deviation = std::sqrt(covariance[a]);
    EXPECT_NEAR(sum / kCopies, 0, 4 * deviation / std::sqrt(kCopies));
    for (std::size_t b = 0; b < kWidth; ++b) {
      std::vector<double> of_b(kWidth);
      of_b[b] = 1;
      factored.solve(of_b);
      EXPECT_NEAR(products[b] / kCopies, covariance[b], 0.08 * deviation * std::sqrt(of_b[b])) << a << " " << b;
    }
  }
}

// Rows that training has not seen are drawn about their block's mean; the same key gives the same draw.
TEST_F(FmSamplesTest, UnseenRowsAreDrawnAsTheirBlocksAre) {
  constexpr std::size_t kKeys = 3000;
  const std::size_t days = features_->day_block();
  const FmPrior& prior = sampler_->state(days).priors[0];
  std::vector<double> sums(1 + kDim), squares(1 + kDim);
  for (std::size_t key = 0; key < kKeys; ++key) {
    FmPart part{std::vector<float>(kSamples), std::vector<float>(kSamples * kDim)};
    samples_.join_draw(part, days, key);
    for (std::size_t c = 0; c <= kDim; ++c) {
      const float drawn = c == 0 ? part.linear[kSamples - 1] : part.factors[(kSamples - 1) * kDim + c - 1];
      const double off =
          static_cast<double>(drawn - prior.mean[c]) * std::sqrt(static_cast<double>(prior.precision[c]));
      sums[c] += off;
      squares[c] += off * off;
    }
  }
  for (std::size_t c = 0; c <= kDim; ++c) {
    EXPECT_NEAR(sums[c] / kKeys, 0, 0.08);
    EXPECT_NEAR(squares[c] / kKeys, 1, 0.12);
  }
  FmPart once = samples_.start();
  FmPart again = samples_.start();
  samples_.join_draw(once, days, 7);
  samples_.join_draw(again, days, 7);
  EXPECT_EQ(once.factors, again.factors);
}

TEST_F(FmSamplesTest, ComeBackFromAFile) {
  TensorWriter writer;
  samples_.save(writer, features_->blocks());
  const TensorFile file = TensorFile::parse(writer.serialize(), "samples");
  const FmSamples back = FmSamples::load(file, features_->blocks(), kDim);
  ASSERT_EQ(back.count(), kSamples);
  std::vector<float> before(kSamples), after(kSamples);
  FmPart rest = samples_.start();
  samples_.join(rest, FmFeatures::kUser, 4);
  samples_.outputs(rest, 2, before);
  back.outputs(rest, 2, after);
  EXPECT_EQ(before, after);
}

TEST_F(FmSamplesTest, AreRefusedFromAFileThatNoSamplerCanHaveLeft) {
  const auto load = [&](std::string_view name, std::vector<float> values) {
    TensorWriter writer;
    samples_.save(writer, features_->blocks());
    const TensorFile sound = TensorFile::parse(writer.serialize(), "samples");
    TensorWriter changed;
    for (const std::string& tensor : sound.names()) {
      const std::span<const float> old = sound.values<float>(tensor);
      const auto shape = sound.shape(tensor);
      if (tensor == name) {
        ASSERT_EQ(values.size(), old.size());
      }
      changed.add_bytes(tensor, TensorType::f32, {shape.begin(), shape.end()},
                        std::as_bytes(tensor == name ? std::span<const float>(values) : old));
    }
    const TensorFile file = TensorFile::parse(changed.serialize(), "changed");
    EXPECT_EQ(test::code_of([&] { FmSamples::load(file, features_->blocks(), kDim); }), ErrorCode::corrupt_file)
        << name;
  };
  load("noise", {1, 0, 1});
  load("noise", {1, std::numeric_limits<float>::quiet_NaN(), 1});
  load("offsets", {1, 1, std::numeric_limits<float>::infinity()});
  load("user_day_prior_precision", {1, -1, 1});
}

}  // namespace
}  // namespace gusto
