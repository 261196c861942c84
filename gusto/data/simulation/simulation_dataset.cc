/// A simulation as a data set in memory.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gusto/data/simulation/simulation.h"
#include "gusto/data/simulation/simulation_words.h"
#include "gusto/data/table/make_dataset.h"

namespace gusto {
namespace {

constexpr std::size_t kUsersPerBlock = 64;

// The columns of a table of events, in the order of the users.
struct SimulatedEvents {
  std::vector<std::uint32_t> users, items;
  std::vector<float> values;
  std::vector<std::int64_t> times;
};

SimulatedEvents draw_events(const Simulation& simulation, Context& context) {
  std::vector<std::size_t> offsets{0};
  for (std::size_t u = 0; u < simulation.user_count(); ++u) offsets.push_back(offsets.back() + simulation.events_of(u));
  SimulatedEvents events;
  events.users.resize(offsets.back());
  events.items.resize(offsets.back());
  events.values.resize(offsets.back());
  events.times.resize(offsets.back());
  std::vector<std::unique_ptr<SimulatedHistory>> histories(context.threads());
  parallel_blocks(context, simulation.user_count(), kUsersPerBlock,
                  [&](std::size_t begin, std::size_t end, unsigned worker) {
                    if (!histories[worker]) histories[worker] = std::make_unique<SimulatedHistory>(simulation);
                    for (std::size_t u = begin; u < end; ++u) {
                      std::size_t at = offsets[u];
                      for (const SimulatedEvent& event : histories[worker]->draw(u)) {
                        events.users[at] = static_cast<std::uint32_t>(u + 1);
                        events.items[at] = event.item + 1;
                        events.values[at] = static_cast<float>(simulation.value_of(event));
                        events.times[at++] = event.time;
                      }
                    }
                  });
  return events;
}

struct SimulatedUserTable {
  std::vector<std::uint32_t> ids;
  std::vector<std::string_view> genders, occupations;
  std::vector<double> ages;
};

SimulatedUserTable describe_users(const Simulation& simulation) {
  SimulatedUserTable table;
  for (std::size_t row = 0; row < simulation.user_count(); ++row) {
    const SimulatedUser user = simulation.user(row);
    table.ids.push_back(static_cast<std::uint32_t>(row + 1));
    table.genders.push_back(kGenderNames[user.gender]);
    table.ages.push_back(static_cast<double>(kAges[user.age_group]));
    table.occupations.push_back(kOccupationNames[user.occupation]);
  }
  return table;
}

struct SimulatedItemTable {
  std::vector<std::uint32_t> ids;
  std::vector<std::string> titles, genres, plots;
  std::vector<std::uint16_t> years;
};

SimulatedItemTable describe_items(const Simulation& simulation) {
  const SimulatedItems& items = simulation.items();
  SimulatedItemTable table;
  for (std::size_t item = 0; item < items.size(); ++item) {
    table.ids.push_back(static_cast<std::uint32_t>(item + 1));
    table.titles.push_back(simulated_title(items, simulation.seed(), item));
    table.years.push_back(items.year(item));
    table.genres.push_back(simulated_genres(items, item));
    table.plots.push_back(simulated_plot(items, simulation.user_distribution(), item));
  }
  return table;
}

}  // namespace

std::shared_ptr<const Dataset> simulate_dataset(const Simulation& simulation, Context& context) {
  const SimulatedEvents events = draw_events(simulation, context);
  const SimulatedUserTable users = describe_users(simulation);
  const SimulatedItemTable items = describe_items(simulation);
  EventTable table;
  table.users = TableColumn::numbers(events.users);
  table.items = TableColumn::numbers(events.items);
  table.values = TableColumn::numbers(events.values);
  table.times = TableColumn::times(events.times, TimeUnit::seconds);
  table.user_features.push_back(
      {TableColumn::numbers(users.ids),
       {{TableColumn::strings(users.genders).named("gender"), FeatureKind::categorical},
        {TableColumn::numbers(users.ages).named("age"), FeatureKind::number},
        {TableColumn::strings(users.occupations).named("occupation"), FeatureKind::categorical}}});
  table.item_features.push_back({TableColumn::numbers(items.ids),
                                 {{TableColumn::strings(items.titles).named("title"), FeatureKind::text},
                                  {TableColumn::numbers(items.years).named("year"), FeatureKind::number},
                                  {TableColumn::strings(items.genres).named("genres"), FeatureKind::multi},
                                  {TableColumn::strings(items.plots).named("plot"), FeatureKind::text}}});
  return make_dataset(table, {}, context).data;
}

}  // namespace gusto
