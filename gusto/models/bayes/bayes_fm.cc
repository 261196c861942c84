#include "gusto/models/bayes/bayes_fm.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <unordered_map>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/models/baseline.h"
#include "gusto/models/bayes/fm_events.h"
#include "gusto/models/bayes/ordered_probit.h"

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
        "to tune, and each comes with its spread. Ratings are ordered levels (probit) or numbers with normal noise. "
        "Besides user and item it takes what the user rated, who rated the "
        "item, the day, and features of both sides, at a cost per user and item rather than per event. Slow to train, "
        "and the most exact predictor of ratings here.",
    .fields = kBayesFmFields,
    .abilities = {.personalised = true,
                  .predicts_ratings = true,
                  .probabilities = true,
                  .fold_in = FoldIn::approximate,
                  .similar_items = true,
                  .similar_users = true,
                  .spread = true,
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

std::size_t BayesFmModel::sweeps(const Dataset& data) const {
  if (options().epochs > 0) return static_cast<std::size_t>(options().epochs);
  const std::size_t events = std::min<std::size_t>(data.event_count(), kManyEvents);
  return kFewSweeps + (kManySweeps - kFewSweeps) * events / kManyEvents;
}

std::size_t BayesFmModel::kept(std::size_t sweeps) const {
  const auto burn_in = static_cast<std::size_t>(options().burn_in * static_cast<double>(sweeps));
  return std::min(static_cast<std::size_t>(options().samples), sweeps - burn_in);
}

std::uint64_t BayesFmModel::memory_need(const Dataset& data, Task task, unsigned threads) const {
  const FmInputs in = inputs(task);
  const auto dim = static_cast<std::uint64_t>(options().dim) + 4;
  std::uint64_t events = data.event_count();
  if (task == Task::top_n) events += static_cast<std::uint64_t>(std::ceil(options().negatives)) * events;

  std::uint64_t days = 0;
  std::uint64_t user_days = 0;
  std::uint64_t longest = 0;
  std::unordered_map<std::int64_t, std::uint64_t> by_day;
  std::vector<std::uint32_t> by_item(data.item_count());
  for (const ItemRow item : data.items()) longest = std::max<std::uint64_t>(longest, ++by_item[item.index]);
  for (std::size_t u = 0; u < data.user_count(); ++u) {
    const History history = data.history(UserRow(u));
    longest = std::max<std::uint64_t>(longest, history.size());
    for (std::size_t e = 0; e < history.times.size(); ++e) {
      const std::int64_t day = history.times[e] / 86400;
      longest = std::max(longest, in.day ? ++by_day[day] : 0);
      if (e == 0 || day != history.times[e - 1] / 86400) ++user_days;
    }
  }
  days = by_day.size();
  if (!in.user_day) user_days = 0;
  if (task == Task::top_n) longest *= 1 + static_cast<std::uint64_t>(std::ceil(options().negatives));

  const FmFeatures features(data, {.fields = options().fields});
  std::uint64_t columns = data.user_count() + data.item_count();
  std::uint64_t entries = columns + features.entries(data);
  for (const FmBlock& block : features.blocks()) columns += block.columns();
  if (in.rated) {
    columns += data.item_count();
    entries += data.event_count();
  }
  if (in.raters) {
    columns += data.user_count();
    entries += data.event_count();
  }
  const std::uint64_t blocks = 2 + (days > 0 ? 1 : 0) + (user_days > 0 ? 1 : 0);
  const std::uint64_t samples = kept(sweeps(data));
  const std::uint64_t rows = data.user_count() + data.item_count() + days;
  const std::uint64_t design = events * (20 + blocks * 4 * (blocks + 1)) + entries * 28 + (rows + user_days) * 80;
  const std::uint64_t sampler = (2 * rows + 2 * columns) * dim * 4 + threads * longest * (dim + 8) * 4;
  const std::uint64_t result = (rows + columns) * samples * dim * 4 + user_days * samples * 4;
  return design + sampler + result;
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

void BayesFmModel::do_fit(const Dataset& data, Context& context) {
  require_times(data);
  FmEvents events = fm_events(data, task(), options().negatives, options().like_threshold, context.seed());
  features_.emplace(data, inputs(task()));
  const FmDesign design =
      features_->design(data, std::move(events.users), std::move(events.items), std::move(events.times));
  const std::unique_ptr<FmOutput> output = output_of(std::move(events.targets), context);
  FmSampler sampler(design, static_cast<std::size_t>(options().dim), options().init, *output, context);

  const std::size_t total = sweeps(data);
  const std::size_t samples = kept(total);
  const auto burn_in = static_cast<std::size_t>(options().burn_in * static_cast<double>(total));
  samples_ = FmSamples(design.blocks, sampler.dim(), samples);
  cuts_ = Matrix<float>(samples, by_levels() ? levels_.size() - 1 : 0);
  std::size_t next = 0;
  for (std::size_t sweep = 0; sweep < total; ++sweep) {
    sampler.sweep(sweep);
    if (sweep + 1 == burn_in + (next + 1) * (total - burn_in) / samples) {
      samples_.keep(next, sampler, output->offset(), context);
      const std::span<const double> cuts = output->cuts();
      std::transform(cuts.begin(), cuts.end(), cuts_.row(next).begin(), [](double c) { return static_cast<float>(c); });
      ++next;
    }
    context.progress(
        info().name, sweep + 1, total,
        by_levels() ? std::string() : fmt::format("noise {:.4f}", scale_ / std::sqrt(sampler.noise_precision())));
  }
  require_finite("factors", {samples_.factors(FmFeatures::kItem).data, data.item_count() * samples * sampler.dim()});
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
  const bool asked = task() == Task::likes || options().output == FmTarget::probit;
  const bool offered = task() == Task::ratings && options().output == FmTarget::automatic;
  if (!asked && !offered) return {};
  std::vector<float> levels;
  for (const float value : values) {
    const auto place = std::lower_bound(levels.begin(), levels.end(), value);
    if (place != levels.end() && *place == value) continue;
    levels.insert(place, value);
    if (levels.size() <= (asked ? kMostLevels : kFewLevels)) continue;
    if (!asked) return {};
    throw Error(ErrorCode::invalid_option,
                fmt::format("There are more than {} different values, too many for levels.", kMostLevels),
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
