#include "gusto/data/simulation/simulation.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto {
namespace {

constexpr std::size_t kUserBlockOfSimulation = 4096;
constexpr double kActivityStddev = 1.1;
constexpr double kLeastActivity = 20;
constexpr double kMostActivity = 0.6;  // of all items
constexpr double kEventsPerSession = 60;
constexpr std::size_t kMostSessions = 64;
constexpr std::uint64_t kSecondsPerEvent = 30;
// Where a user chooses at least one item in so many, all items race.
constexpr std::size_t kShareToRaceAll = 4;
constexpr std::size_t kMostProposals = 2;  // times all items
constexpr std::size_t kProposalsAtOnce = 16;
constexpr std::size_t kAhead = 8;
constexpr double kLogCountPerStar = 1.5;
constexpr double kRatingOfOne = 2;  // counts one
constexpr double kMostCounted = 10'000;

[[noreturn]] void refuse_option(const std::string& message, std::string hint) {
  throw Error(ErrorCode::invalid_option, message, std::move(hint));
}

void require_count(std::string_view what, std::uint64_t count) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max() - 1;
  if (count >= 1 && count <= kMost) return;
  refuse_option(fmt::format("{} {} cannot be made up.", format_count(count), what),
                fmt::format("Ask for 1 to {}.", format_count(kMost)));
}

void require_between(std::string_view name, double value, double low, double high) {
  if (value >= low && value <= high) return;  // not so for NaN
  refuse_option(fmt::format("{} is {:g}.", name, value),
                fmt::format("Choose a number between {:g} and {:g}.", low, high));
}

const SimulationOptions& checked(const SimulationOptions& options, Context& context) {
  require_count("users", options.users);
  require_count("items", options.items);
  if (options.events > options.users * options.items) {
    refuse_option(
        fmt::format("{} events are too many: {} users and {} items are {} pairs, each of which has at most one.",
                    format_count(options.events), format_count(options.users), format_count(options.items),
                    format_count(options.users * options.items)),
        "Ask for fewer events, or for more users or items.");
  }
  if (options.events < options.users) {
    refuse_option(fmt::format("{} events are too few for {} users, and each user has at least one.",
                              format_count(options.events), format_count(options.users)),
                  "Ask for more events, or for fewer users.");
  }
  require_between("dim", static_cast<double>(options.dim), 1, 254);
  require_between("noise", options.noise, 0.05, 5);
  require_between("drift", options.drift, 0, 10);
  require_between("exposure", options.exposure, 0, 10);
  require_between("tail", options.tail, 0, 3);
  require_between("choosiness", options.choosiness, 0, 10);
  require_between("groups", static_cast<double>(options.groups), 0, static_cast<double>(options.users));
  context.require_memory("The simulation",
                         sizeof(std::uint32_t) * options.users + SimulatedItems::memory(options.items, options.dim));
  return options;
}

// Events of each user: exp(stddev · ε) times a scale, held between the bounds, that makes them add up.
std::vector<std::uint32_t> draw_activity(const SimulationOptions& options, Context& context) {
  const double mean = static_cast<double>(options.events) / static_cast<double>(options.users);
  const double low = std::clamp(std::floor(mean / 5), 1.0, std::min(kLeastActivity, mean));
  // Nobody has rated much more than that share of all items of ml-1m, but where more are asked for.
  const auto items = static_cast<double>(options.items);
  const double high = std::ceil(items * std::clamp(2 * mean / items, kMostActivity, 1.0));
  std::vector<float> weights(options.users);
  parallel_blocks(context, weights.size(), kUserBlockOfSimulation, [&](std::size_t begin, std::size_t end, unsigned) {
    for (std::size_t u = begin; u < end; ++u) {
      weights[u] =
          static_cast<float>(std::exp(kActivityStddev * Random(options.seed, "simulated activity", u).normal()));
    }
  });
  const auto events = [&](double scale, std::size_t u) {
    return std::clamp(scale * static_cast<double>(weights[u]), low, high);
  };
  const auto sum = [&](double scale) {
    return parallel_sum(context, weights.size(), kUserBlockOfSimulation, [&](std::size_t begin, std::size_t end) {
      double total = 0;
      for (std::size_t u = begin; u < end; ++u) total += events(scale, u);
      return total;
    });
  };
  double below = std::log(1e-6);
  double above = std::log(1e6 * items);
  constexpr int kHalvings = 60;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (below + above) / 2;
    (sum(std::exp(middle)) < static_cast<double>(options.events) ? below : above) = middle;
  }

  // Rounded so that running sums stay within one of the unrounded ones; what is left is dealt out from the first user
  // on.
  const double scale = std::exp(above);
  std::vector<std::uint32_t> activity(weights.size());
  double carried = 0;
  std::uint64_t total = 0;
  for (std::size_t u = 0; u < activity.size(); ++u) {
    const double wished = events(scale, u) + carried;
    activity[u] = static_cast<std::uint32_t>(std::clamp(std::floor(wished + 0.5), low, high));
    carried = wished - static_cast<double>(activity[u]);
    total += activity[u];
  }
  for (std::size_t u = 0; total != options.events; u = (u + 1) % activity.size()) {
    if (total < options.events && activity[u] < options.items) {
      ++activity[u];
      ++total;
    } else if (total > options.events && activity[u] > 1) {
      --activity[u];
      --total;
    }
  }
  return activity;
}

struct Proposal {
  float time;
  std::uint32_t genre;
  std::uint32_t item;
  GenreList::Aim aim;
};

float exponential(Random& random) {
  const auto uniform = static_cast<float>(random.next() >> 40) * 0x1.0p-24F;
  return -std::log(1.0F - uniform);
}

void normal_pair(Random& random, std::span<float, 2> out) {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - random.uniform()));
  const double angle = 2.0 * std::numbers::pi * random.uniform();
  out[0] = static_cast<float>(radius * std::cos(angle));
  out[1] = static_cast<float>(radius * std::sin(angle));
}

std::uint32_t half_stars_of(float rating, bool whole_stars) {
  if (whole_stars) return 2 * static_cast<std::uint32_t>(std::clamp(std::floor(rating + 0.5F), 1.0F, 5.0F));
  return static_cast<std::uint32_t>(std::clamp(std::floor(2 * rating + 0.5F), 1.0F, 10.0F));
}

std::uint32_t count_of(float rating) {
  const auto count = std::exp(kLogCountPerStar * (static_cast<double>(rating) - kRatingOfOne));
  return static_cast<std::uint32_t>(std::clamp(std::floor(count), 1.0, kMostCounted));
}

// Ratings halfway between those written.
std::vector<double> rating_cuts(double step) {
  std::vector<double> cuts;
  for (double cut = 1.5 * step; cut < 5; cut += step) cuts.push_back(cut);
  return cuts;
}

std::vector<double> count_cuts() {
  std::vector<double> cuts;
  for (double count = 2; count <= kMostCounted; ++count) {
    cuts.push_back(kRatingOfOne + std::log(count) / kLogCountPerStar);
  }
  return cuts;
}

}  // namespace

Simulation::Simulation(const SimulationOptions& options, Context& context)
    : options_(checked(options, context)),
      items_(options.items, options.dim, options.drift, options.tail, options.seed, context),
      user_distribution_(options.dim, options.drift, options.exposure, options.choosiness, options.groups,
                         options.seed),
      activity_(draw_activity(options, context)) {
  if (options.counts) {
    expected_.assign(2, ExpectedValue(options.noise, 1, 1, count_cuts()));
  } else {
    for (const double step : {0.5, 1.0}) expected_.emplace_back(options.noise, step, step, rating_cuts(step));
  }
}

double Simulation::opinion(const SimulatedUser& user, std::size_t item, std::int64_t time) const {
  std::vector<float> vector(items_.width());
  const auto base = static_cast<float>(opinion_vector(user_distribution_, user, time, vector));
  return static_cast<double>(base + padded_dot(vector.data(), items_.vector(item), items_.width()));
}

void Simulation::weigh(const SimulatedUser& user, std::span<double> out) const {
  const Taste taste = taste_of(user_distribution_, user, items_);
  for (std::size_t item = 0; item < out.size(); ++item) out[item] = taste.weight(items_, item);
}

// E = lowest + step · Σ_cuts Φ((opinion − cut) / noise).
Simulation::ExpectedValue::ExpectedValue(double noise, double lowest, double step, std::span<const double> cuts) {
  constexpr double kStepsPerNoise = 32;
  constexpr double kTails = 6;  // standard deviations, beyond which Φ is 0 or 1
  per_step_ = kStepsPerNoise / noise;
  const double beyond = step / 2 + kTails * noise;
  first_ = cuts.front() - beyond;
  const auto count = static_cast<std::size_t>((cuts.back() + beyond - first_) * per_step_) + 2;
  values_.resize(count);
  for (std::size_t n = 0; n < count; ++n) {
    const double opinion = first_ + static_cast<double>(n) / per_step_;
    double expected = lowest;
    for (const double cut : cuts) expected += step * 0.5 * std::erfc((cut - opinion) / (noise * std::numbers::sqrt2));
    values_[n] = static_cast<float>(expected);
  }
}

double Simulation::ExpectedValue::at(double opinion) const {
  const double place = std::clamp((opinion - first_) * per_step_, 0.0, static_cast<double>(values_.size() - 1));
  const auto n = std::min(static_cast<std::size_t>(place), values_.size() - 2);
  const double part = place - static_cast<double>(n);
  return (1 - part) * static_cast<double>(values_[n]) + part * static_cast<double>(values_[n + 1]);
}

SimulatedHistory::SimulatedHistory(const Simulation& simulation)
    : simulation_(simulation), taken_((simulation.item_count() + 63) / 64) {}

std::span<const SimulatedEvent> SimulatedHistory::draw(std::size_t user) {
  const SimulatedItems& items = simulation_.items();
  const std::size_t width = items.width();
  const std::size_t count = simulation_.events_of(user);
  user_ = simulation_.user(user);
  Random random(simulation_.seed(), "simulated events", user);
  choose(random, count);
  sort_chosen();
  hold_sessions(random, count);

  events_.resize(count);
  const auto noise = static_cast<float>(simulation_.options().noise);
  std::array<float, 2> normal{};
  for (std::size_t e = 0; e < count; ++e) {
    const std::size_t s = sessions_.size() == 1 ? 0 : random.below(sessions_.size());
    const Session& session = sessions_[s];
    if (e % 2 == 0) normal_pair(random, normal);
    SimulatedEvent& event = events_[e];
    event.item = chosen_[e];
    event.time = session.begin + static_cast<std::int64_t>(random.below(session.length));
    event.opinion = session.base + padded_dot(vectors_.data() + s * width, items.vector(event.item), width);
    const float rating = event.opinion + noise * normal[e % 2];
    event.level = simulation_.options().counts ? count_of(rating) : half_stars_of(rating, user_.whole_stars);
  }
  return events_;
}

// The law of draws one after the other is that of a race: item i arrives after an exponential time of rate ω_ui, and
// the first `count` are chosen. Popular items would be drawn again and again, so their arrivals are drawn one by one.
// Those of all others are a stream of proposals, by genre and popularity, thinned by acceptance; second arrivals do not
// count.
void SimulatedHistory::choose(Random& random, std::size_t count) {
  const SimulatedItems& items = simulation_.items();
  const Taste taste = taste_of(simulation_.user_distribution(), user_, items);
  chosen_.clear();
  const bool all = count * kShareToRaceAll >= items.size();
  const auto level = static_cast<std::size_t>(std::bit_width(count)) - 1;
  const std::size_t head = all ? items.size() : std::size_t{1} << level;
  const auto take = [&](std::uint32_t item) {
    taken_[item / 64] |= std::uint64_t{1} << item % 64;
    chosen_.push_back(item);
  };
  race(taste, items.ranking(taste.period).first(head), random);
  if (all) {
    for (std::size_t n = 0; n < count; ++n) take(arrivals_[n].second);
    return;
  }

  std::array<GenreList, kGenres> lists;
  std::array<std::uint32_t, kGenres> begins{};
  std::array<double, kGenres> rates{};
  std::array<AliasSlot, kGenres> genres{};
  double rate = 0;
  for (std::uint32_t genre = 0; genre < kGenres; ++genre) {
    lists[genre] = items.genre_list(taste.period, genre);
    begins[genre] = items.head(taste.period, level, genre);
    rates[genre] = taste.genre_ratio[genre] * lists[genre].rest[begins[genre]];
    genres[genre].item = genre;
    rate += rates[genre];
  }
  build_alias(rates, genres);
  const auto wait = static_cast<float>(1 / rate);
  float time = 0;
  std::size_t arrived = 0;
  std::array<Proposal, kProposalsAtOnce> proposals;
  for (std::size_t made = 0; made < kMostProposals * items.size(); made += kProposalsAtOnce) {
    for (Proposal& proposal : proposals) {
      proposal.time = time += wait * exponential(random);
      proposal.genre = pick_alias(genres, random.next());
      proposal.aim = lists[proposal.genre].aim(begins[proposal.genre], random.uniform());
    }
    for (Proposal& proposal : proposals) lists[proposal.genre].narrow(proposal.aim);
    for (Proposal& proposal : proposals) {
      proposal.item = lists[proposal.genre].pick(proposal.aim);
      __builtin_prefetch(items.vector(proposal.item));
    }
    for (const Proposal& proposal : proposals) {
      for (; arrived < head && arrivals_[arrived].first <= proposal.time; ++arrived) {
        take(arrivals_[arrived].second);
        if (chosen_.size() == count) return;
      }
      if ((taken_[proposal.item / 64] >> proposal.item % 64 & 1) != 0) continue;
      if (random.uniform() >= static_cast<double>(taste.acceptance(items, proposal.item))) continue;
      take(proposal.item);
      if (chosen_.size() == count) return;
    }
  }
  // Arrivals have no memory: those who are left start again.
  left_.clear();
  for (std::uint32_t item = 0; item < items.size(); ++item) {
    if ((taken_[item / 64] >> item % 64 & 1) == 0) left_.push_back(item);
  }
  race(taste, left_, random);
  for (std::size_t n = 0; chosen_.size() < count; ++n) take(arrivals_[n].second);
}

void SimulatedHistory::race(const Taste& taste, std::span<const std::uint32_t> items, Random& random) {
  arrivals_.clear();
  const SimulatedItems& all = simulation_.items();
  for (std::size_t n = 0; n < items.size(); ++n) {
    if (n + kAhead < items.size()) __builtin_prefetch(all.vector(items[n + kAhead]));
    const auto weight = static_cast<float>(taste.weight(all, items[n]));
    arrivals_.emplace_back(exponential(random) / std::max(weight, std::numeric_limits<float>::min()), items[n]);
  }
  std::sort(arrivals_.begin(), arrivals_.end());
}

// Leaves no item taken.
void SimulatedHistory::sort_chosen() {
  constexpr std::size_t kWordsPerCompare = 8;
  if (taken_.size() < kWordsPerCompare * chosen_.size()) {
    std::size_t n = 0;
    for (std::size_t w = 0; w < taken_.size(); ++w) {
      for (std::uint64_t left = std::exchange(taken_[w], 0); left != 0; left &= left - 1) {
        chosen_[n++] = static_cast<std::uint32_t>(64 * w + static_cast<std::size_t>(std::countr_zero(left)));
      }
    }
  } else {
    for (const std::uint32_t item : chosen_) taken_[item / 64] = 0;
    std::sort(chosen_.begin(), chosen_.end());
  }
}

// Sessions begin whole days after joining and end within a day, so that a time tells the day that opinions go by.
void SimulatedHistory::hold_sessions(Random& random, std::size_t count) {
  const std::size_t width = simulation_.items().width();
  const double more = -std::log(1.0 - random.uniform()) * static_cast<double>(count) / kEventsPerSession;
  const std::size_t sessions = 1 + static_cast<std::size_t>(std::min(more, double{kMostSessions - 1}));
  const std::uint64_t length = std::min<std::uint64_t>(kSecondsPerEvent * (count / sessions + 1), kSecondsPerDay / 2);
  sessions_.clear();
  vectors_.resize(sessions * width);
  for (std::size_t s = 0; s < sessions; ++s) {
    const auto day = s == 0 ? 0 : static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(user_.stays) + 1));
    const std::int64_t begin = user_.joined + day * kSecondsPerDay;
    const double base =
        opinion_vector(simulation_.user_distribution(), user_, begin, std::span(vectors_).subspan(s * width, width));
    sessions_.push_back({begin, length, static_cast<float>(base)});
  }
}

}  // namespace gusto
