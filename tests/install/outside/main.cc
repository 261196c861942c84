/// From columns in memory to a kept model: what it recommends to a known user who has rated two films since.

#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <gusto/data/table/make_dataset.h>
#include <gusto/models/model_file.h>
#include <gusto/models/registry.h>
#include <gusto/retrieval/recommender.h>

using namespace gusto;

std::vector<std::string> best_films(const Recommender& recommender, Context& context) {
  RecommendRequest request;
  request.who.user = "7";
  request.who.history = {{.item = "film 4", .value = 5.0F}, {.item = "film 9", .value = 1.0F}};
  request.k = 3;
  std::vector<std::string> films;
  for (const AnsweredItem& item : recommender.recommend(request, context).items) films.push_back(item.id);
  return films;
}

int main() try {
  // Users of even numbers like films of even numbers, the others the others; each has seen about a third of them.
  std::vector<std::int64_t> users;
  std::vector<std::string> films;
  std::vector<float> stars;
  for (int user = 0; user < 200; ++user) {
    for (int film = 0; film < 60; ++film) {
      if ((user * 7 + film * 5) % 11 > 3) continue;
      users.push_back(user);
      films.push_back("film " + std::to_string(film));
      stars.push_back((user + film) % 2 == 0 ? 5.0F : 1.0F);
    }
  }
  EventTable table;
  table.users = TableColumn::numbers(users);
  table.items = TableColumn::strings(films);
  table.values = TableColumn::numbers(stars);

  Context context;
  std::shared_ptr<Model> model = make_model("als", {{"dim", 4}});
  model->fit(make_dataset(table, {}, context).data, Task::ratings, context, {.seed = 7});
  const std::vector<std::string> films_now = best_films(Recommender(model), context);
  for (const std::string& film : films_now) std::cout << film << '\n';

  save_model(*model, {.seed = 7}, "films.gusto");
  if (films_now.size() == 3 && best_films(Recommender::open("films.gusto", context), context) == films_now) return 0;
  std::cerr << "The loaded model recommends something else.\n";
  return 1;
} catch (const Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
