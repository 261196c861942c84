/// gusto predict: the value that a user would give an item.

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/cli/data_flags.h"
#include "gusto/cli/model_flags.h"
#include "gusto/cli/output.h"
#include "gusto/cli/run.h"
#include "gusto/models/registry.h"

namespace gusto::cli {
namespace {

// Pairs of ids take several times the memory of events.
constexpr std::size_t kPairsAtOnce = std::size_t{1} << 16;

struct PredictFlags {
  std::string model;
  PersonFlags person;
  std::string item;
  DataRecipe pairs;
  RunFlags run;
};

void predict_one(const Recommender& recommender, const PredictFlags& flags) {
  const PredictAnswer answer = recommender.predict(person_of(flags.person, recommender), {&flags.item, 1});
  const AnsweredItem& item = answer.items.front();
  tell_unknown(answer.who);
  fmt::print("{} for {}: {:.2f}{}\n", item.title, answer.who.name, item.score,
             item.stddev ? fmt::format(" ± {:.2f}", *item.stddev) : std::string());
}

void predict_pairs(const Recommender& recommender, const PredictFlags& flags, Run& run) {
  const OpenedDataset opened = open_data(flags.pairs, finder(run), run.context());
  run.clear();
  tell_bad_lines(opened.report);
  const std::shared_ptr<const Dataset>& data = opened.data;
  const Catalog& catalog = data->catalog();
  const std::vector<Event> events = data->events();
  const bool stddev = recommender.model().info().abilities.stddev;
  std::size_t unknown = 0;
  std::vector<UserItem> pairs;
  for (std::size_t begin = 0; begin < events.size(); begin += kPairsAtOnce) {
    pairs.clear();
    for (const Event& event : std::span(events).subspan(begin, std::min(kPairsAtOnce, events.size() - begin))) {
      pairs.push_back(
          {std::string(catalog.users[event.user.index]), std::string(catalog.items[event.item.index]), event.time});
    }
    const std::vector<std::optional<Prediction>> predictions = recommender.predict(pairs);
    if (begin == 0) fmt::print("user,item,prediction{}\n", stddev ? ",stddev" : "");
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const std::optional<Prediction>& predicted = predictions[i];
      fmt::print("{},{},{}", csv_field(pairs[i].user), csv_field(pairs[i].item),
                 predicted ? fmt::format("{:.4f}", predicted->value) : std::string());
      if (stddev) fmt::print(",{}", predicted ? fmt::format("{:.4f}", *predicted->stddev) : std::string());
      fmt::print("\n");
      if (!predicted) ++unknown;
    }
  }
  if (unknown > 0) {
    fmt::print(stderr, "{} of {} pairs have a user or an item that the model does not know, and no prediction.\n",
               format_count(unknown), format_count(events.size()));
  }
}

void run_predict(Session& session, const PredictFlags& flags) {
  if (flags.pairs.name.empty() == flags.item.empty()) {
    throw Error(ErrorCode::invalid_option, "Give either --item, with --user or --history, or --pairs.",
                "See `gusto predict --help`.");
  }
  Run run(session, flags.run);
  const Recommender recommender = open_model(flags.model, session.models);
  if (flags.item.empty()) predict_pairs(recommender, flags, run);
  else predict_one(recommender, flags);
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
  add_person_flags(command, flags->person);
  command->add_option("--item", flags->item, "The item, by title or id.")->type_name("ITEM");
  command->add_option("--pairs", flags->pairs.name, "A delimited file with a user's id and an item's id on each line.")
      ->type_name("FILE");
  add_format_flags(command, flags->pairs.reading);
  command->add_flag("--quiet", flags->run.quiet, "Show no progress.")->group("Running");
}

}  // namespace gusto::cli
