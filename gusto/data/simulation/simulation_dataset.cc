/// A simulation as a data set in memory.

#include <algorithm>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gusto/base/hash.h"
#include "gusto/data/simulation/simulation.h"
#include "gusto/data/simulation/simulation_words.h"

namespace gusto {
namespace {

constexpr std::size_t kUsersPerBlock = 64;

FeatureField field_of(std::string name, FeatureKind kind) {
  FeatureField field;
  field.name = std::move(name);
  field.kind = kind;
  return field;
}

FeatureTable describe_users(const Simulation& simulation) {
  std::vector<FeatureField> fields{field_of("gender", FeatureKind::categorical), field_of("age", FeatureKind::number),
                                   field_of("occupation", FeatureKind::categorical)};
  for (std::size_t row = 0; row < simulation.user_count(); ++row) {
    const SimulatedUser user = simulation.user(row);
    fields[0].append(kGenderNames[user.gender]);
    fields[1].append(std::to_string(kAges[user.age_group]));
    fields[2].append(kOccupationNames[user.occupation]);
  }
  return FeatureTable(std::move(fields));
}

FeatureTable describe_items(const Simulation& simulation, std::span<const std::uint32_t> order) {
  std::vector<FeatureField> fields{field_of("title", FeatureKind::text), field_of("year", FeatureKind::number),
                                   field_of("genres", FeatureKind::multi), field_of("plot", FeatureKind::text)};
  const SimulatedItems& items = simulation.items();
  for (const std::uint32_t item : order) {
    fields[0].append(simulated_title(items, simulation.seed(), item));
    fields[1].append(std::to_string(items.year(item)));
    fields[2].append(simulated_genres(items, item));
    fields[3].append(simulated_plot(items, simulation.user_law(), item));
  }
  return FeatureTable(std::move(fields));
}

// Items with events in the order of a hash of their ids, then the others: as readers give rows.
std::vector<std::uint32_t> order_items(const std::vector<bool>& present) {
  std::vector<std::tuple<std::uint64_t, std::string, std::uint32_t>> hashed;
  std::vector<std::uint32_t> others;
  for (std::uint32_t item = 0; item < present.size(); ++item) {
    if (!present[item]) {
      others.push_back(item);
      continue;
    }
    std::string id = std::to_string(item + std::uint64_t{1});
    const std::uint64_t hash = xxh3(std::as_bytes(std::span(id)));
    hashed.emplace_back(hash, std::move(id), item);
  }
  std::sort(hashed.begin(), hashed.end());
  std::vector<std::uint32_t> order;
  for (const auto& [hash, id, item] : hashed) order.push_back(item);
  order.insert(order.end(), others.begin(), others.end());
  return order;
}

}  // namespace

std::shared_ptr<const Dataset> simulate_dataset(const Simulation& simulation, Context& context) {
  std::vector<std::size_t> offsets{0};
  for (std::size_t u = 0; u < simulation.user_count(); ++u) offsets.push_back(offsets.back() + simulation.events_of(u));
  std::vector<Event> events(offsets.back());
  std::vector<std::unique_ptr<SimulatedHistory>> histories(context.threads());
  parallel_blocks(
      context, simulation.user_count(), kUsersPerBlock, [&](std::size_t begin, std::size_t end, unsigned worker) {
        if (!histories[worker]) histories[worker] = std::make_unique<SimulatedHistory>(simulation);
        for (std::size_t u = begin; u < end; ++u) {
          std::size_t at = offsets[u];
          for (const SimulatedEvent& event : histories[worker]->draw(u)) {
            events[at++] = {UserRow(u), ItemRow(event.item), static_cast<float>(event.half_stars) / 2, event.time};
          }
        }
      });

  std::vector<bool> present(simulation.item_count());
  std::vector<std::uint32_t> first_named;
  for (const Event& event : events) {
    if (present[event.item.index]) continue;
    present[event.item.index] = true;
    first_named.push_back(event.item.index);
  }
  const std::vector<std::uint32_t> order = order_items(present);
  std::vector<ItemRow> row_of(order.size());
  for (std::size_t row = 0; row < order.size(); ++row) row_of[order[row]] = ItemRow(row);
  for (Event& event : events) event.item = row_of[event.item.index];

  auto catalogue = std::make_shared<Catalogue>();
  for (std::size_t u = 0; u < simulation.user_count(); ++u) catalogue->users.add(std::to_string(u + 1));
  for (const std::uint32_t item : order) catalogue->items.add(std::to_string(item + std::uint64_t{1}));
  std::vector<ItemRow> item_order;
  for (const std::uint32_t item : first_named) item_order.push_back(row_of[item]);
  catalogue->item_order = std::move(item_order);
  catalogue->user_features = describe_users(simulation);
  catalogue->item_features = describe_items(simulation, order);
  return std::make_shared<const Dataset>(std::move(catalogue), events);
}

}  // namespace gusto
