#pragma once

/// Small data sets written down line by line, for tests.

#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gusto/data/dataset.h"

namespace gusto::test {

struct Line {
  std::string user;
  std::string item;
  float value = 1;
  std::int64_t time = kNoTime;
};

inline std::shared_ptr<const Dataset> make_data(const std::vector<Line>& lines) {
  auto catalog = std::make_shared<Catalog>();
  std::vector<Event> events;
  for (const Line& line : lines) {
    events.push_back(
        {UserRow(catalog->users.add(line.user)), ItemRow(catalog->items.add(line.item)), line.value, line.time});
  }
  return std::make_shared<const Dataset>(std::move(catalog), events);
}

// User u has u + 1 events: items 0 … u, valued 1 … 5 in turn, at times that grow with user and item.
inline std::vector<Line> staircase(int users) {
  std::vector<Line> lines;
  for (int u = 0; u < users; ++u) {
    for (int i = 0; i <= u; ++i) {
      lines.push_back({"u" + std::to_string(u), "i" + std::to_string(i), static_cast<float>(i % 5 + 1), 100 * i + u});
    }
  }
  return lines;
}

// Events by their ids, so that parts of differently numbered data can be compared.
inline std::set<std::pair<std::string, std::string>> named(const Catalog& catalog, std::span<const Event> events) {
  std::set<std::pair<std::string, std::string>> result;
  for (const Event& event : events) {
    result.emplace(catalog.users[event.user.index], catalog.items[event.item.index]);
  }
  return result;
}

}  // namespace gusto::test
