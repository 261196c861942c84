#include "gusto/data/simulation/simulation.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gusto/base/random.h"
#include "gusto/base/testing/testing.h"
#include "gusto/data/profile.h"
#include "gusto/data/simulation/simulation_words.h"

namespace gusto {
namespace {

using test::error_of;
using testing::HasSubstr;

Simulation simulation_of(SimulationOptions options, std::uint64_t seed = 42, unsigned threads = 2) {
  Context context({.threads = threads});
  options.seed = seed;
  return Simulation(options, context);
}

RC_GTEST_PROP(Simulation, EventsAreExactlyAsManyAsAskedForAndNoneComesTwice, ()) {
  SimulationOptions options;
  options.users = *rc::gen::inRange<std::uint64_t>(1, 60);
  options.items = *rc::gen::inRange<std::uint64_t>(1, 90);
  options.events = *rc::gen::inRange<std::uint64_t>(options.users, options.users * options.items + 1);
  options.dim = *rc::gen::inRange<std::uint64_t>(1, 20);
  const Simulation simulation = simulation_of(options, *rc::gen::arbitrary<std::uint64_t>());
  SimulatedHistory history(simulation);
  std::uint64_t total = 0;
  for (std::size_t user = 0; user < options.users; ++user) {
    const std::span<const SimulatedEvent> events = history.draw(user);
    RC_ASSERT(events.size() == simulation.events_of(user));
    RC_ASSERT(!events.empty());
    total += events.size();
    for (std::size_t e = 0; e < events.size(); ++e) {
      RC_ASSERT(events[e].item < options.items);
      if (e > 0) RC_ASSERT(events[e - 1].item < events[e].item);
      RC_ASSERT(events[e].level >= 1 && events[e].level <= 10);
      if (history.user().whole_stars) RC_ASSERT(events[e].level % 2 == 0);
      RC_ASSERT(events[e].time >= kFirstTime && events[e].time < kFirstTime + kDays * kSecondsPerDay);
      RC_ASSERT(std::abs(simulation.opinion(history.user(), events[e].item, events[e].time) -
                         static_cast<double>(events[e].opinion)) < 1e-5);
    }
  }
  RC_ASSERT(total == options.events);
}

TEST(Simulation, EveryPairIsPossible) {
  const Simulation simulation = simulation_of({.users = 20, .items = 30, .events = 600});
  SimulatedHistory history(simulation);
  for (std::size_t user = 0; user < 20; ++user) EXPECT_EQ(history.draw(user).size(), 30U);
}

TEST(Simulation, SameSeedSameDrawsAndAnotherSeedOthers) {
  const SimulationOptions options{.users = 300, .items = 200, .events = 9000, .seed = 5};
  Context one({.threads = 1});
  Context seven({.threads = 7});
  const auto a = simulate_dataset(Simulation(options, one), one);
  const auto b = simulate_dataset(Simulation(options, seven), seven);
  const auto c = simulate_dataset(simulation_of(options, 6), one);
  const auto same = [](auto x, auto y) { return std::equal(x.begin(), x.end(), y.begin(), y.end()); };
  EXPECT_TRUE(same(a->items(), b->items()) && same(a->values(), b->values()) && same(a->times(), b->times()));
  EXPECT_FALSE(same(a->values(), c->values()));
}

// Successive draws, one by one, each over all items that are left: the law, without tables or short cuts.
std::vector<std::uint32_t> plain_choice(std::vector<double> weights, std::size_t count, Random& random) {
  std::vector<std::uint32_t> chosen;
  while (chosen.size() < count) {
    double at = random.uniform() * std::accumulate(weights.begin(), weights.end(), 0.0);
    std::size_t item = 0;
    while (item + 1 < weights.size() && at >= weights[item]) at -= weights[item++];
    if (weights[item] == 0) continue;
    weights[item] = 0;
    chosen.push_back(static_cast<std::uint32_t>(item));
  }
  return chosen;
}

class ChoiceOf : public testing::TestWithParam<std::pair<std::uint64_t, double>> {};
INSTANTIATE_TEST_SUITE_P(EventsAUser, ChoiceOf,
                         testing::Values(std::pair(1, 0.0), std::pair(1, 2.0), std::pair(6, 0.0), std::pair(20, 1.0)));

TEST_P(ChoiceOf, ItemsIsThatOfTheWeights) {
  const auto [each, exposure] = GetParam();
  constexpr std::size_t kMany = 3000;
  constexpr std::size_t kFew = 30;
  const Simulation simulation =
      simulation_of({.users = kMany, .items = kFew, .events = kMany * each, .exposure = exposure});
  SimulatedHistory history(simulation);
  Random random(3, "plain choice");
  std::vector<double> weights(kFew);
  std::array<double, kFew> found{}, expected{};
  double found_liking = 0;
  double expected_liking = 0;
  for (std::size_t user = 0; user < kMany; ++user) {
    const std::span<const SimulatedEvent> events = history.draw(user);
    simulation.weigh(history.user(), weights);
    const auto liking = [&](std::size_t item) {
      return simulation.opinion(history.user(), item, history.user().joined);
    };
    for (const SimulatedEvent& event : events) {
      ++found[event.item];
      found_liking += liking(event.item);
    }
    for (const std::uint32_t item : plain_choice(weights, events.size(), random)) {
      ++expected[item];
      expected_liking += liking(item);
    }
  }
  // Both are counts with at most binomial noise.
  for (std::size_t item = 0; item < kFew; ++item) {
    EXPECT_NEAR(found[item], expected[item], 4.5 * std::sqrt(2 * (expected[item] + 4))) << item;
  }
  const auto events = static_cast<double>(kMany * each);
  EXPECT_NEAR(found_liking / events, expected_liking / events, 4.5 * std::sqrt(2 / events));
}

// E[value(opinion + noise · ε)] by quadrature.
template <class Value>
double mean_of(double opinion, double noise, const Value& value) {
  constexpr int kPoints = 20001;
  double sum = 0;
  double mass = 0;
  for (int n = 0; n < kPoints; ++n) {
    const double z = -6 + 12.0 * n / (kPoints - 1);
    const double density = std::exp(-z * z / 2);
    sum += density * value(opinion + noise * z);
    mass += density;
  }
  return sum / mass;
}

TEST(Simulation, ExpectedValueIsTheMeanOfWhatIsWritten) {
  const Simulation stars = simulation_of({.users = 1, .items = 1, .events = 1, .noise = 0.6});
  const Simulation plays = simulation_of({.users = 1, .items = 1, .events = 1, .noise = 0.6, .counts = true});
  for (double opinion = -3; opinion < 9; opinion += 0.37) {
    const double whole = mean_of(opinion, 0.6, [](double x) { return std::clamp(std::round(x), 1.0, 5.0); });
    const double half = mean_of(opinion, 0.6, [](double x) { return std::clamp(std::round(2 * x) / 2, 0.5, 5.0); });
    const double count =
        mean_of(opinion, 0.6, [](double x) { return std::clamp(std::floor(std::exp(1.5 * (x - 2))), 1.0, 1e4); });
    EXPECT_NEAR(stars.expected_value(opinion, true), whole, 1e-3) << opinion;
    EXPECT_NEAR(stars.expected_value(opinion, false), half, 1e-3) << opinion;
    EXPECT_NEAR(plays.expected_value(opinion, false), count, 1e-3 * count) << opinion;
  }
}

TEST(Simulation, CountsHaveALongTail) {
  const Simulation simulation = simulation_of({.users = 400, .items = 300, .events = 20000, .counts = true});
  SimulatedHistory history(simulation);
  std::vector<std::uint32_t> counts;
  for (std::size_t user = 0; user < 400; ++user) {
    for (const SimulatedEvent& event : history.draw(user)) counts.push_back(event.level);
  }
  std::sort(counts.begin(), counts.end());
  EXPECT_EQ(counts.front(), 1U);
  EXPECT_NEAR(counts[counts.size() / 2], std::exp(1.5 * (3.25 - 2)), 3);
  EXPECT_GT(counts.back(), 40 * counts[counts.size() / 2]);
}

TEST(Simulation, AllItemsAreAlikeWithoutTailAndTaste) {
  const Simulation simulation =
      simulation_of({.users = 1000, .items = 200, .events = 20000, .drift = 0, .tail = 0, .choosiness = 0});
  SimulatedHistory history(simulation);
  std::vector<double> events_of(200);
  for (std::size_t user = 0; user < 1000; ++user) {
    for (const SimulatedEvent& event : history.draw(user)) ++events_of[event.item];
  }
  double chi_square = 0;
  for (const double events : events_of) chi_square += (events - 100) * (events - 100) / 100;
  EXPECT_LT(chi_square, 199 + 4 * std::sqrt(2 * 199));
}

TEST(Simulation, GroupsShareATasteAndTwoAreOpposite) {
  const auto resemblance = [](std::uint64_t groups) {
    const Simulation simulation = simulation_of({.users = 200, .items = 10, .events = 1000, .groups = groups});
    std::array<double, 2> means{};  // of cosines, and of their absolute values
    for (std::size_t user = 0; user + 1 < 200; ++user) {
      const std::vector<float> a = simulation.user(user).taste;
      const std::vector<float> b = simulation.user(user + 1).taste;
      const auto product = [](const auto& x, const auto& y) {
        return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
      };
      const double cosine = product(a, b) / std::sqrt(product(a, a) * product(b, b));
      means[0] += cosine / 199;
      means[1] += std::abs(cosine) / 199;
    }
    return means;
  };
  EXPECT_GT(resemblance(1)[0], 0.6);
  EXPECT_LT(std::abs(resemblance(2)[0]), 0.2);
  EXPECT_GT(resemblance(2)[1], 0.55);
  EXPECT_LT(resemblance(0)[1], 0.5);
}

// The bounds hold MovieLens' figures: ml-1m (Gini .63; top tenth 44.5 %; median ÷ mean .58 a user, .46 an item; mean
// 3.58, deviation 1.12) and latest-small of 2018 (mean 3.50, deviation 1.04, 23 % of ratings halves below 5).
TEST(Simulation, ShapeIsThatOfMovieLens) {
  Context context({.threads = 2});
  const auto data = simulate_dataset(Simulation({.users = 1500, .items = 3000, .events = 200'000}, context), context);
  const Profile profile = make_profile(*data);
  EXPECT_THAT(profile.tail.gini, testing::AllOf(testing::Gt(0.55), testing::Lt(0.72)));
  EXPECT_THAT(profile.tail.top_shares[1], testing::AllOf(testing::Gt(0.38), testing::Lt(0.55)));
  EXPECT_THAT(static_cast<double>(profile.per_user.median) / profile.per_user.mean,
              testing::AllOf(testing::Gt(0.45), testing::Lt(0.65)));
  EXPECT_THAT(static_cast<double>(profile.per_item.median) / profile.per_item.mean,
              testing::AllOf(testing::Gt(0.3), testing::Lt(0.55)));
  EXPECT_EQ(profile.per_user.least, 20U);
  EXPECT_THAT(profile.mean_value, testing::AllOf(testing::Gt(3.3), testing::Lt(3.7)));
  EXPECT_EQ(profile.values.size(), 10U);
  double squares = 0;
  double halves = 0;
  for (const ValueCount& row : profile.values) {
    const double share = static_cast<double>(row.events) / static_cast<double>(profile.events);
    squares += share * std::pow(static_cast<double>(row.value) - profile.mean_value, 2);
    if (std::floor(row.value) != row.value) halves += share;
  }
  EXPECT_THAT(std::sqrt(squares), testing::AllOf(testing::Gt(0.98), testing::Lt(1.2)));
  EXPECT_THAT(halves, testing::AllOf(testing::Gt(0.15), testing::Lt(0.35)));
}

TEST(Simulation, WithoutDriftNothingChangesWithTime) {
  const SimulationOptions still{.users = 50, .items = 40, .events = 500, .drift = 0};
  SimulationOptions moving = still;
  moving.drift = 1;
  const Simulation a = simulation_of(still);
  const Simulation b = simulation_of(moving);
  const std::int64_t late = kFirstTime + (kDays - 1) * kSecondsPerDay;
  double change = 0;
  for (std::size_t user = 0; user < 50; ++user) {
    const SimulatedUser of_a = a.user(user);
    const SimulatedUser of_b = b.user(user);
    EXPECT_EQ(a.opinion(of_a, 7, of_a.joined), a.opinion(of_a, 7, late));
    change += std::abs(b.opinion(of_b, 7, of_b.joined) - b.opinion(of_b, 7, late));
  }
  EXPECT_GT(change / 50, 0.2);
  EXPECT_EQ(a.items().share(0, 7), a.items().share(kPeriods - 1, 7));
  EXPECT_NE(b.items().share(0, 7), b.items().share(kPeriods - 1, 7));
}

TEST(Simulation, ExposureRaisesWhatIsSeenOfOpinions) {
  const auto mean_opinion = [](double exposure) {
    const Simulation simulation = simulation_of({.users = 300, .items = 300, .events = 6000, .exposure = exposure});
    SimulatedHistory history(simulation);
    double sum = 0;
    for (std::size_t user = 0; user < 300; ++user) {
      for (const SimulatedEvent& event : history.draw(user)) sum += static_cast<double>(event.opinion);
    }
    return sum / 6000;
  };
  const double without = mean_opinion(0);
  EXPECT_GT(mean_opinion(1), without + 0.1);
  EXPECT_GT(mean_opinion(3), mean_opinion(1));
}

TEST(Simulation, TastesOfPeopleAlikeInAttributesAreAlike) {
  const Simulation simulation = simulation_of({.users = 1200, .items = 10, .events = 1200});
  std::map<int, std::vector<SimulatedUser>> groups;
  for (std::size_t u = 0; u < 1200; ++u) {
    SimulatedUser user = simulation.user(u);
    const int group = user.gender + 2 * user.age_group + 14 * user.occupation;
    groups[group].push_back(std::move(user));
  }
  double alike = 0;
  double squares = 0;
  int pairs = 0;
  for (const auto& [group, users] : groups) {
    for (std::size_t i = 1; i < users.size(); ++i) {
      const auto dot = [](const std::vector<float>& a, const std::vector<float>& b) {
        return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
      };
      alike += dot(users[i].taste, users[i - 1].taste);
      squares += dot(users[i].taste, users[i].taste);
      ++pairs;
    }
  }
  ASSERT_GT(pairs, 500);
  // A quarter of the variance of tastes is that of the attributes.
  EXPECT_NEAR(alike / squares, 0.25, 0.1);
}

TEST(Simulation, GenresAndPlotsTellOfTaste) {
  const Simulation simulation = simulation_of({.users = 1, .items = 2000, .events = 1});
  const SimulatedItems& items = simulation.items();
  double sea = 0, desert = 0;
  int of_sea = 0, of_desert = 0;
  for (std::size_t item = 0; item < items.size(); ++item) {
    const std::string plot = simulated_plot(items, simulation.user_distribution(), item);
    if (plot.find("harbor") != std::string::npos) ++of_sea, sea += static_cast<double>(items.vector(item)[0]);
    if (plot.find("desert") != std::string::npos) ++of_desert, desert += static_cast<double>(items.vector(item)[0]);
  }
  ASSERT_GT(std::min(of_sea, of_desert), 50);
  EXPECT_LT(sea / of_sea, -0.5);
  EXPECT_GT(desert / of_desert, 0.5);

  // Half of the variance of tastes is the genres'.
  double shared = 0;
  int westerns = 0;
  const std::span<const float> western = items.genre_tastes().row(kGenres - 1);
  const double norm = std::inner_product(western.begin(), western.end(), western.begin(), 0.0);
  for (std::size_t item = 0; item < items.size(); ++item) {
    if (items.genres(item) != std::uint32_t{1} << (kGenres - 1)) continue;
    shared += std::inner_product(western.begin(), western.end(), items.vector(item), 0.0) / norm;
    ++westerns;
  }
  ASSERT_GT(westerns, 5);
  EXPECT_NEAR(shared / westerns, std::sqrt(0.5), 0.25);
}

TEST(Simulation, TitlesAreAllDifferent) {
  const Simulation simulation = simulation_of({.users = 1, .items = 6000, .events = 1});
  std::set<std::string> names;
  for (std::size_t item = 0; item < 6000; ++item) {
    const std::string title = simulated_title(simulation.items(), 42, item);
    names.insert(title.substr(title.find(" of ")));
  }
  EXPECT_EQ(names.size(), 6000U);
}

TEST(Simulation, BadOptionsGetASentence) {
  EXPECT_THAT(error_of([] { simulation_of({.users = 10, .items = 10, .events = 101}); }).what(),
              HasSubstr("101 events are too many: 10 users and 10 items are 100 pairs"));
  EXPECT_THAT(error_of([] { simulation_of({.users = 10, .items = 10, .events = 9}); }).what(),
              HasSubstr("9 events are too few for 10 users"));
  EXPECT_THAT(error_of([] { simulation_of({.users = 0, .items = 10, .events = 9}); }).what(),
              HasSubstr("0 users cannot be made up"));
  EXPECT_THAT(error_of([] { simulation_of({.users = 1, .items = std::uint64_t{1} << 33, .events = 9}); }).what(),
              HasSubstr("8,589,934,592 items cannot be made up"));
  EXPECT_THAT(error_of([] { simulation_of({.users = 1, .items = 1, .events = 1, .dim = 0}); }).what(),
              HasSubstr("dim is 0"));
  EXPECT_THAT(error_of([] { simulation_of({.users = 1, .items = 1, .events = 1, .noise = 0}); }).what(),
              HasSubstr("noise is 0. Choose a number between 0.05 and 5."));
  EXPECT_THAT(error_of([] { simulation_of({.users = 1, .items = 1, .events = 1, .drift = std::nan("")}); }).what(),
              HasSubstr("drift is nan"));
  Context small({.threads = 1, .memory_limit = 1000});
  EXPECT_EQ(error_of([&] { Simulation({.users = 500, .items = 10, .events = 500}, small); }).code(),
            ErrorCode::out_of_memory);
}

}  // namespace
}  // namespace gusto
