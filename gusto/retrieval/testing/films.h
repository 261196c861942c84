#pragma once

// Films with titles and genres, and models of them, that tests of retrieval share. For tests only.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "gusto/models/registry.h"
#include "gusto/models/testing/data.h"
#include "gusto/retrieval/recommender.h"

namespace gusto::test {

/// Three tastes, users "u0" … "u59" who tell theirs, and items "i0" … "i39" with titles, genres and directors. The last
/// user tells nothing and has no events. `turned`: all rows in reverse order.
inline std::shared_ptr<const Dataset> films_with_titles(bool turned = false) {
  constexpr std::size_t kUsers = 60, kItems = 40;
  const auto row = [&](std::size_t i, std::size_t count) { return turned ? count - 1 - i : i; };
  std::vector<std::string> tastes, titles, genres, directors;
  auto catalog = std::make_shared<Catalog>();
  for (std::size_t n = 0; n < kUsers; ++n) {
    const std::size_t u = row(n, kUsers);
    catalog->users.add("u" + std::to_string(u));
    tastes.push_back(u + 1 < kUsers ? "t" + std::to_string(u % 3) : "");
  }
  for (std::size_t n = 0; n < kItems; ++n) {
    const std::size_t i = row(n, kItems);
    catalog->items.add("i" + std::to_string(i));
    titles.push_back("Film " + std::to_string(i) + " (1990)");
    genres.push_back("g" + std::to_string(i % 3) + (i % 5 == 0 ? "|rare" : ""));
    directors.push_back("d" + std::to_string(i % 7));
  }
  catalog->user_features = FeatureTable({feature("taste", FeatureKind::categorical, tastes)});
  std::vector<FeatureField> fields{feature("title", FeatureKind::text, titles),
                                   feature("genres", FeatureKind::multi, genres),
                                   feature("director", FeatureKind::categorical, directors)};
  catalog->item_features = FeatureTable(std::move(fields));
  std::vector<Event> events = three_tastes(kUsers, kItems)->events();
  for (Event& event : events) {
    event.user = UserRow(row(event.user.index, kUsers));
    event.item = ItemRow(row(event.item.index, kItems));
  }
  return std::make_shared<const Dataset>(catalog, events);
}

/// A small model of these, fitted once a program.
inline std::shared_ptr<const Model> fitted_on_films(const std::string& name, Settings settings = {},
                                                    bool turned = false) {
  static std::map<std::tuple<std::string, Settings, bool>, std::shared_ptr<const Model>> models;
  std::shared_ptr<const Model>& known = models[{name, settings, turned}];
  if (known) return known;
  for (const Field& field : find_model(name).fields) {
    if (field.name == "dim") settings.emplace_back("dim", 4);
    if (field.name == "epochs") settings.emplace_back("epochs", 3);
  }
  std::shared_ptr<Model> model = make_model(name, settings);
  Context context({.threads = 1});
  model->fit(films_with_titles(turned), model->info().abilities.predicts_ratings ? Task::ratings : Task::top_n,
             context);
  return known = model;
}

inline Context& one_thread() {
  static Context result({.threads = 1});
  return result;
}

inline RecommendAnswer ask(const Recommender& recommender, const RecommendRequest& request) {
  return recommender.recommend(request, one_thread());
}

inline std::vector<std::pair<std::string, float>> scored(const std::vector<AnsweredItem>& items) {
  std::vector<std::pair<std::string, float>> result;
  for (const AnsweredItem& item : items) result.emplace_back(item.id, item.score);
  return result;
}

inline std::vector<std::string> film_ids(const std::vector<AnsweredItem>& items) {
  std::vector<std::string> ids;
  for (const AnsweredItem& item : items) ids.push_back(item.id);
  return ids;
}

}  // namespace gusto::test
