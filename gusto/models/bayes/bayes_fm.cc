#include "gusto/models/bayes/bayes_fm.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/linalg.h"
#include "gusto/models/baseline.h"
#include "gusto/models/bayes/ordered_probit.h"

namespace gusto {
namespace {

// Sweeps that are made where none are asked for.
constexpr std::size_t kFewSweeps = 20;
constexpr std::size_t kManySweeps = 200;
constexpr std::size_t kManyEvents = 50'000;

constexpr std::size_t kFewLevels = 20;
constexpr std::size_t kMostLevels = 200;
// How often a newcomer's row and the latents of their events are drawn in turn; each round halves what the start matters.
constexpr std::size_t kProbitRounds = 6;

constexpr double kLeastVariance = 1e-12;  // of a value that is always the same

/// Items drawn uniformly among those that `items` does not hold, `each` for each of them on average.
std::vector<std::uint32_t> draw_negatives(std::span<const std::uint32_t> items, std::size_t item_count, double each,
                                          Random random) {
  std::vector<std::uint32_t> drawn;
  std::vector<bool> taken(item_count);
  std::size_t free = item_count;
  for (const std::uint32_t item : items) {
    if (!taken[item]) --free;
    taken[item] = true;
  }
  if (free == 0) return drawn;
  const auto count = static_cast<std::size_t>(std::lround(each * static_cast<double>(items.size())));
  while (drawn.size() < count) {
    const std::uint64_t item = random.below(item_count);
    if (!taken[item]) drawn.push_back(static_cast<std::uint32_t>(item));
  }
  return drawn;
}

/// Training events as the sampler takes them.
struct TrainingEvents {
  std::vector<std::uint32_t> users, items;
  std::vector<std::int64_t> times;
  std::vector<float> targets;

  void add(std::size_t user, std::size_t item, std::int64_t time, float target) {
    users.push_back(static_cast<std::uint32_t>(user));
    items.push_back(static_cast<std::uint32_t>(item));
    times.push_back(time);
    targets.push_back(target);
  }
};

/// What is learned of an event's value.
float training_value(float value, Task task, double like_threshold) {
  if (task == Task::ratings) return value;
  if (task == Task::top_n) return 1;
  return value >= static_cast<float>(like_threshold) ? 1.0F : 0.0F;
}

TrainingEvents training_events(const Dataset& data, Task task, double negatives, double like_threshold,
                               std::uint64_t seed) {
  TrainingEvents events;
  for (std::size_t u = 0; u < data.user_count(); ++u) {
    const History history = data.history(UserRow(u));
    const std::size_t first = events.items.size();
    const auto time = [&](std::size_t e) { return history.times.empty() ? kNoTime : history.times[e]; };
    for (std::size_t e = 0; e < history.size(); ++e) {
      events.add(u, history.items[e].index, time(e), training_value(history.values[e], task, like_threshold));
    }
    if (task != Task::top_n) continue;
    const std::vector<std::uint32_t> own(events.items.begin() + static_cast<std::ptrdiff_t>(first), events.items.end());
    const std::vector<std::uint32_t> drawn =
        draw_negatives(own, data.item_count(), negatives, Random(seed, "bayes-fm negatives", u));
    for (std::size_t n = 0; n < drawn.size(); ++n) events.add(u, drawn[n], time(n % own.size()), 0.0F);
  }
  return events;
}

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
  std::uint64_t entries = columns;
  for (const FmBlock& block : features.blocks()) {
    columns += block.columns();
    entries += block.column_rows.size();
  }
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

void BayesFmModel::do_fit(const Dataset& data, Context& context) {
  const TrainingEvents events =
      training_events(data, task(), options().negatives, options().like_threshold, context.seed());
  features_.emplace(data, inputs(task()));
  const FmDesign design = features_->design(events.users, events.items, events.times);

  mean_ = 0;
  scale_ = 1;
  levels_ = choose_levels(events.targets);
  std::unique_ptr<FmOutput> output;
  if (by_levels()) {
    std::vector<std::uint8_t> levels(events.targets.size());
    for (std::size_t e = 0; e < levels.size(); ++e) levels[e] = static_cast<std::uint8_t>(level_of(events.targets[e]));
    output = std::make_unique<ProbitOutput>(std::move(levels), levels_.size());
  } else {
    const Moments moments = moments_of(events.targets, context);
    mean_ = moments.mean;
    scale_ = moments.variance > 0 ? std::sqrt(moments.variance) : 1;
    std::vector<float> targets(events.targets.size());
    std::transform(events.targets.begin(), events.targets.end(), targets.begin(),
                   [&](float v) { return target_of(v); });
    output = std::make_unique<GaussianOutput>(std::move(targets));
  }
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

std::size_t BayesFmModel::level_of(float value) const {
  const auto above = std::lower_bound(levels_.begin(), levels_.end(), value);
  if (above == levels_.end()) return levels_.size() - 1;
  const auto place = static_cast<std::size_t>(above - levels_.begin());
  return place > 0 && value - levels_[place - 1] < *above - value ? place - 1 : place;
}

FmSamples::Newcomer BayesFmModel::newcomer(const Query& query) const {
  std::vector<FmPlace> places;
  std::vector<float> values;
  for (const HistoryEvent& event : query.history) {
    places.push_back({event.item.index, event.time == kNoTime ? std::nullopt : features_->day_row(event.time)});
    values.push_back(training_value(event.value, task(), options().like_threshold));
  }
  if (task() == Task::top_n) {
    std::vector<std::uint32_t> own;
    for (const HistoryEvent& event : query.history) own.push_back(event.item.index);
    const Random random(0, "bayes-fm newcomer");
    for (const std::uint32_t item : draw_negatives(own, item_linear_.size(), options().negatives, random)) {
      places.push_back({item, places[places.size() % own.size()].day});
      values.push_back(0);
    }
  }
  const auto targets = [&](std::size_t sample, std::size_t round, std::span<const float> outputs,
                           std::span<float> out) {
    Random random(round, "bayes-fm newcomer latents", sample);
    const std::span<const float> cuts = cuts_.row(sample);
    for (std::size_t e = 0; e < out.size(); ++e) {
      out[e] =
          by_levels() ? draw_latent(cuts, level_of(values[e]), outputs[e], random.uniform()) : target_of(values[e]);
    }
  };
  return samples_.newcomer(features_->newcomer(query), places, by_levels() ? kProbitRounds : 1, targets, *features_);
}

BayesFmModel::Asker BayesFmModel::asker(const Query& query) const {
  Asker asker{samples_.start(), {}};
  if (is_training_user(query)) {
    samples_.join(asker.mean, FmFeatures::kUser, query.user->index);
    asker.drawn = asker.mean;
    return asker;
  }
  asker.drawn = asker.mean;
  const FmSamples::Newcomer row = newcomer(query);
  samples_.join(asker.mean, row.mean);
  samples_.join(asker.drawn, row.drawn);
  return asker;
}

FmPart BayesFmModel::at_time(FmPart part, const Query& query) const {
  const bool timed = query.time != kNoTime;
  if (features_->day_block() > 0) {
    samples_.join(part, features_->day_block(), timed ? features_->day_row(query.time) : std::nullopt);
  }
  if (features_->user_day_block() > 0) {
    const bool known = timed && is_training_user(query);
    samples_.join(part, features_->user_day_block(),
                  known ? features_->user_day_row(query.user->index, query.time) : std::nullopt);
  }
  return part;
}

template <class Body>
void BayesFmModel::for_outputs(std::span<const Query> queries, std::span<const ItemRow> items, bool drawn,
                               const Body& body) const {
  std::vector<float> outputs(samples_.count());
  Asker who;
  FmPart rest;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    Query person = queries[i];
    if (i > 0) person.time = queries[i - 1].time;
    const bool same_person = i > 0 && same_asker(person, queries[i - 1]);
    if (!same_person) who = asker(queries[i]);
    if (!same_person || queries[i].time != queries[i - 1].time)
      rest = at_time(drawn ? who.drawn : who.mean, queries[i]);
    samples_.outputs(rest, items[i].index, outputs);
    body(i, std::span<const float>(outputs));
  }
}

BayesFmModel::Expectation BayesFmModel::expectation(std::span<const float> outputs) const {
  const auto count = static_cast<double>(outputs.size());
  double sum = 0;
  double squares = 0;
  if (!by_levels()) {
    for (std::size_t s = 0; s < outputs.size(); ++s) sum += static_cast<double>(outputs[s]);
    const double mean = sum / count;
    for (std::size_t s = 0; s < outputs.size(); ++s) {
      const double from_mean = static_cast<double>(outputs[s]) - mean;
      squares += from_mean * from_mean + static_cast<double>(samples_.noise()[s]);
    }
    return {mean_ + scale_ * mean, scale_ * scale_ * squares / count};
  }
  for (std::size_t s = 0; s < outputs.size(); ++s) {
    const LevelMoments moments = level_moments(levels_, cuts_.row(s), static_cast<double>(outputs[s]));
    sum += moments.mean;
    squares += task() == Task::likes ? moments.mean * moments.mean : moments.square;
  }
  const double mean = sum / count;
  return {mean, squares / count - mean * mean};
}

void BayesFmModel::do_predict(std::span<const Query> queries, std::span<const ItemRow> items,
                              std::span<float> out) const {
  for_outputs(queries, items, false, [&](std::size_t i, std::span<const float> outputs) {
    out[i] = static_cast<float>(expectation(outputs).mean);
  });
}

void BayesFmModel::do_predict_spread(std::span<const Query> queries, std::span<const ItemRow> items,
                                     std::span<float> out, std::span<float> spread) const {
  do_predict(queries, items, out);
  for_outputs(queries, items, true, [&](std::size_t i, std::span<const float> outputs) {
    spread[i] = static_cast<float>(std::sqrt(std::max(expectation(outputs).variance, kLeastVariance)));
  });
}

void BayesFmModel::do_score(std::span<const Query> queries, MatrixView<float> scores) const {
  if (by_levels()) {
    std::vector<float> outputs(samples_.count());
    for (std::size_t q = 0; q < queries.size(); ++q) {
      const FmPart rest = at_time(asker(queries[q]).mean, queries[q]);
      const std::span<float> row = scores.row(q);
      for (std::size_t i = 0; i < row.size(); ++i) {
        samples_.outputs(rest, i, outputs);
        row[i] = static_cast<float>(expectation(outputs).mean);
      }
    }
    return;
  }
  const MatrixView<const float> items = samples_.factors(FmFeatures::kItem);
  const auto share = static_cast<float>(1.0 / static_cast<double>(samples_.count()));
  Matrix<float> vectors(queries.size(), items.cols);
  std::vector<float> constants(queries.size());
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const FmPart rest = at_time(asker(queries[q]).mean, queries[q]);
    std::transform(rest.factors.begin(), rest.factors.end(), vectors.row(q).begin(),
                   [&](float v) { return share * v; });
    constants[q] = share * std::accumulate(rest.linear.begin(), rest.linear.end(), 0.0F);
  }
  gemm(Transpose::no, Transpose::yes, 1, std::as_const(vectors).view(), items, 0, scores);
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const std::span<float> row = scores.row(q);
    for (std::size_t i = 0; i < row.size(); ++i) {
      const auto output = static_cast<double>(row[i] + constants[q] + item_linear_[i]);
      row[i] = static_cast<float>(mean_ + scale_ * output);
    }
  }
}

void BayesFmModel::do_score_items(const Query& query, std::span<const ItemRow> items, std::span<float> out) const {
  do_predict(std::vector<Query>(items.size(), query), items, out);
}

void BayesFmModel::do_item_similarity(ItemRow item, std::span<float> out) const {
  const MatrixView<const float> factors = samples_.factors(FmFeatures::kItem);
  cosine_to_rows(factors, factors.row(item.index), out);
}

void BayesFmModel::do_user_similarity(const Query& query, std::span<float> out) const {
  const MatrixView<const float> factors = samples_.factors(FmFeatures::kUser);
  if (is_training_user(query)) {
    cosine_to_rows(factors, factors.row(query.user->index), out);
  } else {
    cosine_to_rows(factors, newcomer(query).mean.factors, out);
  }
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
  prepare_ranking();
}

}  // namespace gusto
