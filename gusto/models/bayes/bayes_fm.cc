#include "gusto/models/bayes/bayes_fm.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/steps.h"
#include "gusto/base/tensor_file.h"
#include "gusto/models/bayes/fm_events.h"
#include "gusto/models/bayes/ordered_probit.h"
#include "gusto/models/shared/baseline.h"
#include "gusto/models/shared/choices.h"

namespace gusto {
namespace {

// Sweeps that are made where none are asked for.
constexpr std::size_t kFewSweeps = 20;
constexpr std::size_t kManySweeps = 200;
constexpr std::size_t kManyEvents = 50'000;

constexpr std::size_t kFewLevels = 20;
constexpr std::size_t kMostLevels = 200;

}  // namespace

constexpr ModelInfo kBayesFmInfo{
    .name = "bayes-fm",
    .summary = "Bayesian factorization machine: users, items, sets of both, features, time.",
    .about =
        "A factorization machine (Rendle 2012) whose weights and factors are not optimized but drawn from their "
        "posterior by Gibbs sampling; predictions are the mean over samples, so there is no strength of regularization "
        "to tune, and each comes with its standard deviation. Ratings are ordered levels (probit) or numbers with "
        "normal noise. "
        "Besides user and item it takes what the user rated, who rated the "
        "item, the day, and features of both sides, at a cost per user and item rather than per event. Slow to train, "
        "and the most exact predictor of ratings here.",
    .fields = kBayesFmFields,
    .abilities = {.personalized = true,
                  .predicts_ratings = true,
                  .probabilities = true,
                  .fold_in = FoldIn::approximate,
                  .similar_items = true,
                  .similar_users = true,
                  .stddev = true,
                  .strength = true,
                  .timed = true},
    .make = &make_with<BayesFmModel>,
};

FmInputs BayesFmModel::inputs(Task task) const {
  // What the model would be told of an event that it is to find: that it took place.
  const bool hidden = task == Task::top_n;
  const FmSets sets =
      options().implicit == FmSets::automatic ? (hidden ? FmSets::none : FmSets::both) : options().implicit;
  const FmTime time = options().time == FmTime::automatic ? (hidden ? FmTime::none : FmTime::both) : options().time;
  FmInputs inputs;
  inputs.rated = sets == FmSets::user || sets == FmSets::both;
  inputs.raters = sets == FmSets::item || sets == FmSets::both;
  inputs.day = time == FmTime::day || time == FmTime::both;
  inputs.user_day = time == FmTime::user_day || time == FmTime::both;
  inputs.fields = options().fields;
  return inputs;
}

BayesFmModel::Sweeps BayesFmModel::sweeps(const Dataset& data) const {
  const std::size_t events = std::min<std::size_t>(data.event_count(), kManyEvents);
  const std::size_t total = options().epochs > 0 ? static_cast<std::size_t>(options().epochs)
                                                 : kFewSweeps + (kManySweeps - kFewSweeps) * events / kManyEvents;
  const auto burn_in = static_cast<std::size_t>(options().burn_in * static_cast<double>(total));
  return {total, burn_in, std::min(static_cast<std::size_t>(options().samples), total - burn_in)};
}

std::size_t BayesFmModel::most_levels(Task task) const {
  if (task == Task::likes) return 2;
  if (options().output == FmTarget::probit) return kMostLevels;
  return task == Task::ratings && options().output == FmTarget::automatic ? kFewLevels : 0;
}

std::uint64_t BayesFmModel::memory_need(const Dataset& data, Task task, unsigned threads) const {
  const FmInputs in = inputs(task);
  const std::uint64_t events = most_fm_events(data, task, options().negatives);
  const FmFeatures features(data, in);
  const std::span<const FmBlock> blocks = features.blocks();
  const auto dim = static_cast<std::uint64_t>(options().dim);
  const std::uint64_t samples = sweeps(data).kept;
  const auto with_factors = static_cast<std::uint64_t>(
      std::count_if(blocks.begin(), blocks.end(), [](const FmBlock& block) { return block.factors; }));
  const bool shares = std::any_of(blocks.begin(), blocks.end(), [](const FmBlock& block) { return block.shares(); });

  // Events: targets or latents, residuals, and a row in each block. (Before the sampler begins they take 20 bytes at
  // first, of which the rows of users and items stay; it needs more.)
  std::uint64_t need = events * 4 * (1 + blocks.size());
  need += std::max(events * 4, ProbitOutput::memory_need(events, most_levels(task)));
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const FmBlock& block = blocks[b];
    const std::uint64_t width = block.factors ? dim + 4 : 1;  // some coordinates are for alignment
    // Their order in blocks other than the users', the rows that they refer to in this order, and for shared columns
    // residuals.
    if (b != FmFeatures::kUser) need += events * 4 * (1 + (block.factors ? with_factors - 1 : 0));
    if (b != FmFeatures::kUser && block.shares()) need += events * 4;
    // Rows: where their events begin, twice while that is found; q, also turned; sums for shared columns; samples.
    need += block.rows * (16 + width * 4 * (shares ? 2 : 1) + (block.shares() ? sizeof(FmRowSums) + 4 : 0));
    need += block.rows * samples * width * 4;
    if (b > FmFeatures::kItem) need += block.rows * 16;  // the days that rows stand for; room grows
    // Shared columns: where their entries begin, twice while that is found; w, v, normal numbers; samples, of users'
    // ones.
    need += block.columns() * (20 + width * 4);
    if (b == FmFeatures::kUser) need += block.shared_columns() * samples * width * 4;
  }
  need += features.entries(data) * 8;
  need += (data.event_count() * 8 + data.item_count() * 16) * (in.raters ? 1 : 0);  // the data set's view by item

  // Strengths and the events drawn by them.
  if (strength_of(data, task).used()) need += data.event_count() * 8;
  // The longest row's events, laid out by each thread; twice, since room grows.
  std::vector<std::uint64_t> by_item(data.item_count());
  std::vector<std::uint64_t> by_day(features.day_block() > 0 ? blocks[features.day_block()].rows : 0);
  std::uint64_t longest = 0;
  for (const ItemRow item : data.items()) longest = std::max(longest, ++by_item[item.index]);
  for (std::size_t u = 0; u < data.user_count(); ++u) {
    longest = std::max<std::uint64_t>(longest, data.history(UserRow(u)).size());
  }
  if (!by_day.empty()) {
    for (const std::int64_t time : data.times()) longest = std::max(longest, ++by_day[*features.day_row(time)]);
  }
  if (task == Task::top_n) longest *= 1 + static_cast<std::uint64_t>(std::ceil(options().negatives));
  need += 2 * threads * (longest + 16) * (dim + 6) * 4;
  return need;
}

void BayesFmModel::require_times(const Dataset& data) const {
  if (data.has_times() || options().time == FmTime::automatic || options().time == FmTime::none) return;
  throw Error(ErrorCode::invalid_option,
              fmt::format("bayes-fm can't count time {}: the events have no times.",
                          kFmTimeNames[static_cast<std::size_t>(options().time)]),
              "Name the column that holds times, or set time to auto or none.");
}

std::unique_ptr<FmOutput> BayesFmModel::output_of(std::vector<float> targets, Context& context) {
  mean_ = 0;
  scale_ = 1;
  levels_ = choose_levels(targets);
  if (by_levels()) {
    std::vector<std::uint8_t> levels(targets.size());
    std::transform(targets.begin(), targets.end(), levels.begin(),
                   [&](float value) { return static_cast<std::uint8_t>(level_of(value)); });
    return std::make_unique<ProbitOutput>(std::move(levels), levels_.size());
  }
  const Moments moments = moments_of(targets, context);
  mean_ = moments.mean;
  scale_ = moments.variance > 0 ? std::sqrt(moments.variance) : 1;
  for (float& target : targets) target = target_of(target);
  return std::make_unique<GaussianOutput>(std::move(targets));
}

void BayesFmModel::do_fit(const Dataset& data, const FitOptions& fit, Context& context) {
  require_times(data);
  FmEvents events = fm_events(data, task(), options().negatives, options().like_threshold, fit.seed);
  features_.emplace(data, inputs(task()));
  const FmDesign design =
      features_->design(data, std::move(events.users), std::move(events.items), std::move(events.times));
  const std::unique_ptr<FmOutput> output = output_of(std::move(events.targets), context);
  FmSampler sampler(design, static_cast<std::size_t>(options().dim), options().init, fit.seed, *output, context);

  const auto [total, burn_in, kept] = sweeps(data);
  samples_ = FmSamples(design.blocks, sampler.dim(), kept);
  cuts_ = Matrix<float>(kept, by_levels() ? levels_.size() - 1 : 0);
  std::size_t next = 0;
  Steps steps(context, info().name, total * sampler.steps());
  sampler.count(steps);
  for (std::size_t sweep = 0; sweep < total; ++sweep) {
    sampler.sweep(sweep);
    if (sweep + 1 == burn_in + (next + 1) * (total - burn_in) / kept) {
      samples_.keep(next, sampler, output->offset(), context);
      const std::span<const double> cuts = output->cuts();
      std::transform(cuts.begin(), cuts.end(), cuts_.row(next).begin(), [](double c) { return static_cast<float>(c); });
      ++next;
    }
    std::optional<ProgressMetric> noise;
    if (!by_levels()) noise = {"noise", scale_ / std::sqrt(sampler.noise_precision())};
    ProgressEvent event = steps.event();
    event.epoch = sweep + 1;
    event.metric = noise;
    context.progress(event);
  }
  require_finite("factors", {samples_.factors(FmFeatures::kItem).data, data.item_count() * kept * sampler.dim()});
  prepare_ranking();
}

void BayesFmModel::prepare_ranking() {
  const MatrixView<const float> linear = samples_.linear(FmFeatures::kItem);
  item_linear_.resize(linear.rows);
  for (std::size_t i = 0; i < linear.rows; ++i) {
    const std::span<const float> row = linear.row(i);
    item_linear_[i] = std::accumulate(row.begin(), row.end(), 0.0F) / static_cast<float>(samples_.count());
  }
}

std::vector<float> BayesFmModel::choose_levels(std::span<const float> values) const {
  const std::size_t most = most_levels(task());
  if (most == 0) return {};
  std::vector<float> levels;
  for (const float value : values) {
    const auto place = std::lower_bound(levels.begin(), levels.end(), value);
    if (place != levels.end() && *place == value) continue;
    levels.insert(place, value);
    if (levels.size() <= most) continue;
    if (options().output == FmTarget::automatic) return {};
    throw Error(ErrorCode::invalid_option,
                fmt::format("There are more than {} different values, too many for levels.", most),
                "Set output to gaussian.");
  }
  return levels;
}

void BayesFmModel::save_state(TensorWriter& out) const {
  out.add("target", std::vector<double>{mean_, scale_});
  out.add("levels", levels_);
  out.add("cuts", cuts_);
  samples_.save(out, features_->blocks());
}

void BayesFmModel::do_load(const TensorFile& in) {
  const std::vector<double> target = in.vector<double>("target", 2);
  mean_ = target[0];
  scale_ = target[1];
  features_.emplace(data(), inputs(task()));
  samples_ = FmSamples::load(in, features_->blocks(), static_cast<std::size_t>(options().dim));
  levels_ = in.vector<float>("levels", static_cast<std::size_t>(in.count<float>("levels")));
  cuts_ = in.matrix<float>("cuts", samples_.count(), by_levels() ? levels_.size() - 1 : 0);
  check_loaded();
  prepare_ranking();
}

void BayesFmModel::check_loaded() const {
  const auto require = [](bool sound, std::string_view what) {
    if (!sound) throw Error(ErrorCode::corrupt_file, fmt::format("The tensor {}.", what));
  };
  const auto finite = [](std::span<const float> values) {
    return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
  };
  require(std::isfinite(mean_) && std::isfinite(scale_) && scale_ > 0, "target is not a mean and a scale");
  const bool apart = std::adjacent_find(levels_.begin(), levels_.end(), std::greater_equal<>()) == levels_.end();
  require(finite(levels_) && apart, "levels does not ascend");
  require(finite(cuts_.values()), "cuts holds a number that is not finite");
  for (std::size_t s = 0; s < cuts_.rows(); ++s) {
    const std::span<const float> cuts = cuts_.row(s);
    require(std::is_sorted(cuts.begin(), cuts.end()), "cuts does not ascend in each row");
  }
}

}  // namespace gusto
