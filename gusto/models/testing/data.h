#pragma once

// Small data sets, and shorthands, that tests of models share. For tests only.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "gusto/base/random.h"
#include "gusto/data/testing/feature.h"
#include "gusto/models/model.h"

namespace gusto::test {

/// A catalog of users "u0", "u1", … and items "i0", "i1", …
inline std::shared_ptr<const Catalog> catalog_of(std::size_t users, std::size_t items) {
  auto catalog = std::make_shared<Catalog>();
  for (std::size_t u = 0; u < users; ++u) catalog->users.add("u" + std::to_string(u));
  for (std::size_t i = 0; i < items; ++i) catalog->items.add("i" + std::to_string(i));
  return catalog;
}

inline std::shared_ptr<const Dataset> dataset_of(std::size_t users, std::size_t items,
                                                 const std::vector<Event>& events) {
  return std::make_shared<const Dataset>(catalog_of(users, items), events);
}

inline Event event(int user, int item, float value = 1) { return {UserRow(user), ItemRow(item), value, kNoTime}; }

/// The item rows 0, 1, … count - 1.
inline std::vector<ItemRow> first_items(std::size_t count) {
  std::vector<ItemRow> items;
  for (std::size_t i = 0; i < count; ++i) items.emplace_back(i);
  return items;
}

/// size users × size items; a user likes the items of the own parity. With values, likes are 5 and dislikes 1; without,
/// there are likes only, of value 1. Withheld: item u of user u, a like, and with values also its neighbor, a dislike.
/// Each user's events are in an order of their own, so that order tells nothing.
inline std::size_t withheld_dislike(std::size_t user, std::size_t size) { return (user + 1) % size; }
inline std::shared_ptr<const Dataset> checkerboard(std::size_t size, bool with_values) {
  std::vector<Event> events;
  for (std::size_t u = 0; u < size; ++u) {
    for (std::size_t i = 0; i < size; ++i) {
      const bool like = (u + i) % 2 == 0;
      if (i == u || i == withheld_dislike(u, size) || (!like && !with_values)) continue;
      const auto time = static_cast<std::int64_t>(Random(7, "checkerboard", u * size + i).below(1000));
      events.push_back({UserRow(u), ItemRow(i), with_values ? (like ? 5.0F : 1.0F) : 1.0F, time});
    }
  }
  return dataset_of(size, size, events);
}

/// Users of three tastes over items of three kinds, with kinder and sterner users and better and worse items: values
/// from 1 to 5 in halves, times at random, about 40 % of the cells, more of popular items. The last user has no
/// events, nor has the last item.
inline std::shared_ptr<const Dataset> three_tastes(std::size_t users = 60, std::size_t items = 40) {
  std::vector<Event> events;
  for (std::size_t u = 0; u + 1 < users; ++u) {
    Random random(7, "three tastes", u);
    const double kindness = random.normal() * 0.4;
    for (std::size_t i = 0; i + 1 < items; ++i) {
      const bool fits = u % 3 == i % 3;
      const double popularity = 1.0 / (1.0 + static_cast<double>(i) * 0.1);
      const double quality = static_cast<double>(i * 7 % 11) / 11.0 - 0.5;
      const double draw = random.uniform();
      const double noise = random.normal() * 0.3;
      if (draw > (fits ? 0.35 : 0.1) + 0.4 * popularity) continue;
      const double value = 3 + (fits ? 0.8 : -0.6) + kindness + quality + noise;
      const auto rounded = static_cast<float>(std::clamp(std::lround(value * 2), 2L, 10L)) / 2.0F;
      events.push_back({UserRow(u), ItemRow(i), rounded, static_cast<std::int64_t>(1000000 + random.below(5000))});
    }
  }
  return dataset_of(users, items, events);
}

/// Two audiences of that many users and items each that never meet: nobody has anything of the other's. Rows and ids
/// are shuffled, so that nothing tells the audiences apart but who has what. Everybody has `each` items, the popular
/// ones of the own group more often, at times in random order.
inline std::shared_ptr<const Dataset> two_audiences(std::size_t users = 200, std::size_t items = 100,
                                                    std::size_t each = 15) {
  const auto shuffled = [](std::size_t count, std::uint64_t side) {
    std::vector<std::size_t> rows(count);
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    Random(7, "two audiences, rows", side).shuffle(std::span(rows));
    return rows;
  };
  const std::vector<std::size_t> user_rows = shuffled(2 * users, 0);
  const std::vector<std::size_t> item_rows = shuffled(2 * items, 1);
  std::vector<Event> events;
  for (std::size_t u = 0; u < 2 * users; ++u) {
    const std::size_t item_events = u / users;
    Random random(7, "two audiences", u);
    std::vector<bool> has(items);
    for (std::size_t taken = 0; taken < each;) {
      const double draw = random.uniform();
      const auto item = static_cast<std::size_t>(draw * draw * static_cast<double>(items));
      if (has[item]) continue;
      has[item] = true;
      ++taken;
      events.push_back({UserRow(user_rows[u]), ItemRow(item_rows[item_events * items + item]), 1,
                        static_cast<std::int64_t>(random.below(1'000'000))});
    }
  }
  return dataset_of(2 * users, 2 * items, events);
}

/// A third of the cells, drawn at random, with values from 1 to 5.
inline std::vector<Event> random_events(std::size_t users, std::size_t items) {
  std::vector<Event> events;
  for (std::size_t u = 0; u < users; ++u) {
    Random random(7, "random events", u);
    for (std::size_t i = 0; i < items; ++i) {
      if (random.below(3) == 0) events.push_back({UserRow(u), ItemRow(i), static_cast<float>(1 + random.below(5)), 0});
    }
  }
  return events;
}

/// The score of every item for one query.
inline std::vector<float> scores_of(const Model& model, const Query& query) {
  Matrix<float> scores(1, model.data().item_count());
  model.score({&query, 1}, scores.view());
  return {scores.values().begin(), scores.values().end()};
}

}  // namespace gusto::test
