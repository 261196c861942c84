/// gusto predict: the value that a user would give an item.

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/cli/data_flags.h"
#include "gusto/cli/model_flags.h"
#include "gusto/cli/output.h"
#include "gusto/cli/run.h"
#include "gusto/models/registry.h"

namespace gusto::cli {
namespace {

struct PredictFlags {
  std::string model;
  AskerFlags asker;
  std::string item;
  DataRecipe pairs;
  RunFlags run;
};

/// Ratings are shown within the scale of the training data, as they are measured.
float shown(const Model& model, float predicted) {
  if (model.info().abilities.probabilities && model.task() == Task::likes) return predicted;
  const Scale scale = model.data().scale();
  return std::clamp(predicted, scale.low, scale.high);
}

/// Predictions, and how far values may lie from them where the model says so.
struct Predictions {
  std::vector<float> values;
  std::vector<float> spreads;

  Predictions(const Model& model, std::span<const Query> queries, std::span<const ItemRow> items)
      : values(queries.size()) {
    if (model.info().abilities.spread) {
      spreads.resize(queries.size());
      model.predict_spread(queries, items, values, spreads);
    } else {
      model.predict(queries, items, values);
    }
  }
};

void predict_one(const Model& model, const PredictFlags& flags) {
  const Catalogue& catalogue = model.data().catalogue();
  const TitleIndex titles(catalogue);
  const Asker asker(flags.asker, model.data(), titles);
  const std::array<ItemRow, 1> items{titles.find(flags.item)};
  const std::array<Query, 1> queries{asker.query()};
  const Predictions predicted(model, queries, items);
  fmt::print("{} for {}: {:.2f}{}\n", catalogue.title(items[0]), asker.name(), shown(model, predicted.values[0]),
             predicted.spreads.empty() ? std::string() : fmt::format(" ± {:.2f}", predicted.spreads[0]));
}

void predict_pairs(const Model& model, const PredictFlags& flags, Run& run) {
  const Catalogue& catalogue = model.data().catalogue();
  const OpenedDataset opened = open_data(flags.pairs, finder(run), run.context());
  run.clear();
  tell_bad_lines(opened.report);
  const std::shared_ptr<const Dataset>& pairs = opened.data;
  std::vector<Query> queries;
  std::vector<ItemRow> items;
  std::vector<std::size_t> places;  // of each query among the pairs
  const std::vector<Event> events = pairs->events();
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto user = catalogue.users.find(pairs->catalogue().users[events[i].user.index]);
    const auto item = catalogue.items.find(pairs->catalogue().items[events[i].item.index]);
    if (!user || !item) continue;
    queries.push_back(Query::known(UserRow(*user)));
    if (model.info().abilities.timed) queries.back().time = events[i].time;
    items.emplace_back(*item);
    places.push_back(i);
  }
  const Predictions predicted(model, queries, items);
  const bool spread = model.info().abilities.spread;
  run.clear();
  fmt::print("user,item,prediction{}\n", spread ? ",spread" : "");
  auto next = std::size_t{0};
  for (std::size_t i = 0; i < events.size(); ++i) {
    const bool known = next < places.size() && places[next] == i;
    fmt::print("{},{},{}", csv_field(pairs->catalogue().users[events[i].user.index]),
               csv_field(pairs->catalogue().items[events[i].item.index]),
               known ? fmt::format("{:.4f}", shown(model, predicted.values[next])) : std::string());
    if (spread) fmt::print(",{}", known ? fmt::format("{:.4f}", predicted.spreads[next]) : std::string());
    fmt::print("\n");
    if (known) ++next;
  }
  if (places.size() < events.size()) {
    fmt::print(stderr, "{} of {} pairs have a user or an item that the model does not know, and no prediction.\n",
               format_count(events.size() - places.size()), format_count(events.size()));
  }
}

void run_predict(Session& session, const PredictFlags& flags) {
  if (flags.pairs.name.empty() == flags.item.empty()) {
    throw Error(ErrorCode::invalid_option, "Give either --item, with --user or --history, or --pairs.",
                "See `gusto predict --help`.");
  }
  Run run(session, flags.run);
  const std::unique_ptr<Model> model = open_model(flags.model);
  if (flags.item.empty()) predict_pairs(*model, flags, run);
  else predict_one(*model, flags);
}

}  // namespace

void add_predict(CLI::App& app, Session& session) {
  auto flags = std::make_shared<PredictFlags>();
  CLI::App* command = add_command(
      app,
      {.name = "predict",
       .summary = "Predict the value that a user would give an item.",
       .about = "Needs a model that predicts, trained for ratings or likes. Predictions stay within the scale of the "
                "training data. With models that know how far a value may lie from its prediction (bayes-fm) the "
                "standard deviation comes along. For a file of pairs it writes CSV, user by user.",
       .examples = {"gusto predict ratings.gusto --user 42 --item \"Heat (1995)\"",
                    "gusto predict ratings.gusto --history \"Toy Story (1995):5\" --item 6",
                    "gusto predict ratings.gusto --pairs pairs.csv > predictions.csv"}},
      [flags, &session] { run_predict(session, *flags); });
  add_model_argument(command, flags->model);
  add_asker_flags(command, flags->asker);
  command->add_option("--item", flags->item, "The item, by title or id.")->type_name("ITEM");
  command->add_option("--pairs", flags->pairs.name, "A delimited file with a user's id and an item's id on each line.")
      ->type_name("FILE");
  add_format_flags(command, flags->pairs.reading);
  command->add_flag("--quiet", flags->run.quiet, "Show no progress.")->group("Running");
}

}  // namespace gusto::cli
