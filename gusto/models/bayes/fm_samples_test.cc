#include "gusto/models/bayes/fm_samples.h"

#include <cmath>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/models/test_data.h"

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
    sampler_ = std::make_unique<FmSampler>(design_, kDim, 0.3, *output_, context_);
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

// The slope of a newcomer's log posterior along their own weight is zero at the mean that they get. Checked in the last
// sample, whose priors the sampler still holds.
TEST_F(FmSamplesTest, NewcomersGetTheMeanGivenTheirEvents) {
  constexpr std::size_t kLast = kSamples - 1;
  const std::vector<HistoryEvent> history{{ItemRow(1), 4, 0}, {ItemRow(3), 5, 86400}, {ItemRow(4), 2, 0}};
  const std::vector<FmEntry> columns = features_->newcomer(Query::with_history(history));
  std::vector<FmPlace> places;
  for (const HistoryEvent& event : history) places.push_back({event.item.index, features_->day_row(event.time)});
  const auto mean_given = [&](std::span<const FmPlace> at) {
    const auto targets = [&](std::size_t, std::size_t, std::span<const float>, std::span<float> out) {
      for (std::size_t e = 0; e < out.size(); ++e) out[e] = history[e].value - 3;
    };
    return samples_.newcomer(columns, at, 1, targets, *features_).mean;
  };
  const FmPart mean = mean_given(places);
  const FmPart prior = mean_given({});

  double slope = 0;
  std::vector<float> outputs(kSamples);
  for (std::size_t e = 0; e < places.size(); ++e) {
    FmPart rest = samples_.start();
    samples_.join(rest, mean);
    samples_.join(rest, features_->day_block(), places[e].day);
    samples_.join(rest, features_->user_day_block(), std::nullopt);
    samples_.outputs(rest, places[e].item, outputs);
    slope += static_cast<double>(history[e].value - 3 - outputs[kLast]) * sampler_->noise_precision();
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

}  // namespace
}  // namespace gusto
