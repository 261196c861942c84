#pragma once

// Data with features, and shorthands, that tests of networks share. For tests only.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gusto/base/testing/testing.h"
#include "gusto/models/neural/network_model.h"
#include "gusto/models/testing/data.h"

namespace gusto::test {

/// three_tastes, whose users and items say of what taste and kind they are. The last user and the last three items, one
/// of each kind, have no events.
inline std::shared_ptr<const Dataset> tastes_with_features(std::size_t users = 60, std::size_t items = 40,
                                                           bool with_features = true) {
  const auto plain = three_tastes(users, items - 2);
  auto catalog = std::make_shared<Catalog>();
  std::vector<std::string> tastes, ages, kinds, years, titles;
  for (std::size_t u = 0; u < users; ++u) {
    catalog->users.add("u" + std::to_string(u));
    tastes.push_back("taste" + std::to_string(u % 3));
    ages.push_back(u == 4 ? "" : std::to_string(20 + u % 5));
  }
  for (std::size_t i = 0; i < items; ++i) {
    catalog->items.add("i" + std::to_string(i));
    kinds.push_back("kind" + std::to_string(i % 3) + (i % 7 == 0 ? "|rare" : ""));
    years.push_back(std::to_string(1990 + i % 10));
    titles.push_back("Film " + std::to_string(i));
  }
  if (with_features) {
    catalog->user_features =
        FeatureTable({feature("taste", FeatureKind::categorical, tastes), feature("age", FeatureKind::number, ages)});
    catalog->item_features =
        FeatureTable({feature("kind", FeatureKind::multi, kinds), feature("year", FeatureKind::number, years),
                      feature("title", FeatureKind::text, titles)});
  }
  std::vector<Event> events;
  for (std::size_t u = 0; u < users; ++u) {
    const History history = plain->history(UserRow(u));
    for (std::size_t n = 0; n < history.size(); ++n) {
      events.push_back({UserRow(u), history.items[n], history.values[n], history.times[n]});
    }
  }
  return std::make_shared<const Dataset>(std::move(catalog), events);
}

/// Values 1, 2, 4 and 5.
inline std::shared_ptr<const Dataset> four_values() {
  return dataset_of(2, 2,
                    {{UserRow(0), ItemRow(0), 1, kNoTime},
                     {UserRow(0), ItemRow(1), 2, kNoTime},
                     {UserRow(1), ItemRow(0), 4, kNoTime},
                     {UserRow(1), ItemRow(1), 5, kNoTime}});
}

/// Nothing left to defaults.
inline NetworkOptions small_network() {
  NetworkOptions options;
  options.epochs = 20;
  options.batch_size = 64;
  options.learning_rate = 0.02;
  options.optimizer = nn::OptimizerKind::adam;
  options.schedule = nn::Schedule::cosine;
  options.warmup = 0;
  options.weight_decay = 0;
  options.clip = 0;
  options.validation = 0;
  options.patience = 100;
  options.dim = 4;
  options.init = 0.5;
  options.reg = 0;
  options.unknown_rate = 0.05;
  options.loss = NetworkLoss::automatic;
  options.like_threshold = 4;
  options.negatives = 3;
  return options;
}
inline Settings small_settings(const Settings& more = {}) {
  Settings settings{{"epochs", 30},         {"batch_size", 64}, {"learning_rate", 0.02}, {"dim", 6},
                    {"init", 0.3},          {"reg", 0},         {"unknown_rate", 0.03},  {"optimizer", "adam"},
                    {"schedule", "cosine"}, {"warmup", 0},      {"weight_decay", 0},     {"clip", 0},
                    {"validation", 0},      {"patience", 100}};
  settings.insert(settings.end(), more.begin(), more.end());
  return settings;
}

}  // namespace gusto::test
