/// gusto demo: the whole story on the embedded data set: which recommender is best, how sure that is, and what it says.

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/cli/comparison_report.h"
#include "gusto/cli/item_report.h"
#include "gusto/cli/run.h"
#include "gusto/cli/table.h"
#include "gusto/data/movielens/embedded.h"
#include "gusto/eval/compare.h"
#include "gusto/eval/stopwatch.h"
#include "gusto/models/registry.h"
#include "gusto/retrieval/recommender.h"
#include "gusto/retrieval/request_resolver.h"

namespace gusto::cli {
namespace {

struct DemoFlags {
  RunFlags run;
  std::string user = "42";
};

constexpr std::size_t kFilms = 3;
constexpr std::size_t kLiked = 5;
constexpr std::size_t kReasons = 3;
// One or more models of each kind, but those that train for longer than a newcomer waits (bayes-fm, sequential).
constexpr std::string_view kRatingModels =
    "popularity,bias,demographic,content,user-knn,item-knn,svd,als,biased-mf,svdpp,embedding-bias,feature-dense,"
    "wide-deep,deepfm";
constexpr std::string_view kTopNModels =
    "popularity,content,user-knn,item-knn,random-walk,graph,svd,als,ials,bpr,slim,ease,embedding-dot,two-tower";

void title(const Session& session, std::string_view text) {
  fmt::print("\n{}\n\n", paint(session.out, Style::bold, text));
}

Comparison run_task(const Session& session, Run& run, const OpenedDataset& data, std::uint64_t seed, Task task,
                    std::string_view models, std::string_view metrics) {
  Experiment experiment{.data = data, .split = {.spec = default_split(task)}, .seed = seed};
  experiment.evaluate.task = task;
  for (const std::string_view name : split(metrics, ",")) experiment.evaluate.metrics.emplace_back(name);
  for (const std::string_view model : split(models, ",")) experiment.entries.push_back({.model = std::string(model)});
  fill_labels(experiment.entries, run.models());
  Comparison comparison = compare(experiment, run.context(), run.observer(experiment));
  run.set_stage({});
  run.clear();
  fmt::print("{}", describe_comparison(comparison, session.out));
  return comparison;
}

/// What the user rated highest, later ratings first among equals.
void show_liked(const Session& session, const std::shared_ptr<const Dataset>& data, const std::string& id) {
  const RequestResolver resolver(data, ItemNames::ids);
  const History history = data->history(resolver.user(id));
  std::vector<AnsweredItem> rated;
  for (std::size_t i = history.size(); i > 0; --i) {
    rated.push_back(resolver.answered(history.items[i - 1], history.values[i - 1]));
  }
  std::stable_sort(rated.begin(), rated.end(),
                   [](const AnsweredItem& a, const AnsweredItem& b) { return a.score > b.score; });
  rated.resize(std::min(rated.size(), kLiked));
  fmt::print("User {} rated {} films, these highest:\n{}", id, history.size(),
             describe_items(data->catalog(), rated, "rating", 1, session.out));
}

void recommend_films(const Session& session, Run& run, const OpenedDataset& data, const ModelResult& best,
                     const DemoFlags& flags) {
  show_liked(session, data.data, flags.user);
  std::unique_ptr<Model> model = make_model(best.model, best.options, run.models());
  run.set_stage(best.label);
  model->fit(data.data, Task::top_n, run.context(), {.seed = flags.run.seed_or()});
  const Recommender recommender(std::move(model));
  const Person person{.user = flags.user};
  const RecommendAnswer answer = recommender.recommend({.who = person, .k = kFilms}, run.context());
  run.clear();
  fmt::print("\n{}, trained on all ratings, recommends:\n{}", best.label,
             describe_items(recommender.data().catalog(), answer.items, "score", 3, session.out));
  if (!recommender.model().info().abilities.explains) return;
  for (const AnsweredItem& item : answer.items) {
    fmt::print("\nWhy {}:\n{}", item.title,
               describe_reasons(recommender.explain(person, item.id).item.reasons, kReasons, session.out));
  }
}

void run_demo(Session& session, const DemoFlags& flags) {
  const Stopwatch watch;
  Run run(session, flags.run);
  const OpenedDataset data = open_embedded(run.context());
  run.clear();
  if (!data.data->catalog().users.find(flags.user)) {
    throw Error(ErrorCode::not_found, fmt::format("The embedded set has no user {}.", quote(flags.user)),
                fmt::format("Give --user a number from 1 to {}.", data.data->user_count()));
  }
  fmt::print("{} events of {} users and {} films: MovieLens latest-small of 2016.\n",
             format_count(data.data->event_count()), format_count(data.data->user_count()),
             format_count(data.data->item_count()));
  title(session, "1. Who predicts ratings best?");
  run_task(session, run, data, flags.run.seed_or(), Task::ratings, kRatingModels, "rmse,mae");
  title(session, "2. Who finds the films that people go on to watch?");
  const Comparison ranking = run_task(session, run, data, flags.run.seed_or(), Task::top_n, kTopNModels,
                                      "ndcg,recall,hit-rate,coverage,novelty");
  title(session, "3. Three films for you");
  if (ranking.best) recommend_films(session, run, data, ranking.results[*ranking.best], flags);
  fmt::print("\nThat took {}.\nNext: `gusto compare YOUR-RATINGS.csv` compares every model; or `gusto --help`.\n",
             format_seconds(watch.seconds()));
}

}  // namespace

void add_demo(CLI::App& app, Session& session) {
  auto flags = std::make_shared<DemoFlags>();
  CLI::App* command = add_command(
      app,
      {.name = "demo",
       .summary = "See it all on the embedded MovieLens ratings; half a minute on two cores.",
       .about =
           "Trains recommenders of every kind on 100,000 ratings of films, compares them on predicting ratings and on "
           "ranking films, and lets the best one recommend three films to a user. Models that train for longer are "
           "left out; `gusto compare` has them all.",
       .examples = {"gusto demo", "gusto demo --user 7"}},
      [flags, &session] { run_demo(session, *flags); });
  command->add_option("--user", flags->user, "The user to recommend films to, 1 to 671. Default: 42.")->type_name("ID");
  add_run_flags(command, flags->run, Seeded::yes);
}

}  // namespace gusto::cli
