/// gusto predict: the value that a user would give an item.

#include <memory>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/cli/data_flags.h"
#include "gusto/cli/model_flags.h"
#include "gusto/cli/output.h"
#include "gusto/cli/run.h"
#include "gusto/data/io/reading_texts.h"
#include "gusto/models/registry.h"
#include "gusto/retrieval/answer_json.h"
#include "gusto/retrieval/pair_predictions.h"

namespace gusto::cli {
namespace {

struct PredictFlags {
  std::string model;
  PersonFlags person;
  std::string item;
  std::string pairs;
  std::string out = "-";
  ReadingSpec reading;
  RunFlags run;
  std::string json;
};

void predict_one(const Recommender& recommender, const PredictFlags& flags) {
  const std::string item = typed_item(recommender, flags.item);
  const PredictAnswer answer = recommender.predict(person_of(flags.person, recommender), {&item, 1});
  tell_unknown(answer.who);
  if (!flags.json.empty()) write_result(flags.json, to_json(answer));
  if (flags.json == "-") return;
  const AnsweredItem& predicted = answer.items.front();
  fmt::print("{} for {}: {:.2f}{}\n", harmless(predicted.title), harmless(answer.who.name), predicted.score,
             predicted.stddev ? fmt::format(" ± {:.2f}", *predicted.stddev) : std::string());
}

void predict_file(const Recommender& recommender, const PredictFlags& flags, Run& run) {
  OutputText out(flags.out);
  const PairsSummary summary = predict_pairs(
      recommender, flags.pairs, parse_reading(flags.reading), [&](std::string_view text) { out.append(text); },
      run.context());
  out.commit();
  run.clear();
  if (summary.bad_lines > 0) {
    fmt::print(stderr, "{} lines cannot be read and were left out.\n", format_count(summary.bad_lines));
  }
  if (summary.fallbacks > 0) {
    fmt::print(stderr,
               "{} of {} pairs have a user or an item that the model does not know; the column fallback says what they "
               "got instead.\n",
               format_count(summary.fallbacks), format_count(summary.pairs));
  }
}

void run_predict(Session& session, const PredictFlags& flags) {
  if (flags.pairs.empty() == flags.item.empty()) {
    throw Error(ErrorCode::invalid_option, "Give either --item, with --user or --history, or --pairs.",
                "See `gusto predict --help`.");
  }
  if (!flags.pairs.empty() && (!flags.json.empty() || !flags.person.empty())) {
    throw Error(ErrorCode::invalid_option,
                "--pairs goes without --json and without a user: it names its users and writes CSV.",
                "Leave them out.");
  }
  require_writable(flags.out);
  if (!flags.json.empty()) require_writable(flags.json);
  Run run(session, flags.run);
  const Recommender recommender = open_model(flags.model, session.models);
  if (flags.item.empty()) predict_file(recommender, flags, run);
  else predict_one(recommender, flags);
}

}  // namespace

void add_predict(CLI::App& app, Session& session) {
  auto flags = std::make_shared<PredictFlags>();
  CLI::App* command = add_command(
      app,
      {.name = "predict",
       .summary = "Predict the value that a user would give an item.",
       .about =
           "Needs a model that predicts, trained for ratings or likes. Predictions stay within the scale of the "
           "training data. With models that know how far a value may lie from its prediction (bayes-fm) the "
           "standard deviation comes along. For a file of pairs it writes CSV: the file's lines in their order, with "
           "all their columns, the prediction, and a column fallback that says where the model does not know the "
           "user or the item, and a mean stands in.",
       .examples = {"gusto predict ratings.gusto --user 42 --item \"Heat (1995)\"",
                    "gusto predict ratings.gusto --history \"Toy Story (1995):5\" --item 6",
                    "gusto predict ratings.gusto --pairs pairs.csv --out predictions.csv"}},
      [flags, &session] { run_predict(session, *flags); });
  add_model_argument(command, flags->model);
  add_person_flags(command, flags->person);
  command->add_option("--item", flags->item, "The item, by title or id.")->type_name("ITEM");
  command->add_option("--pairs", flags->pairs, "A delimited file with a user's id and an item's id on each line.")
      ->type_name("FILE");
  command->add_option("--out", flags->out, "Where the predictions of --pairs go. Default: standard output.")
      ->type_name("FILE");
  add_json_flag(command, flags->json);
  add_format_flags(command, flags->reading);
  command->add_flag("--quiet", flags->run.quiet, "Show no progress.")->group("Running");
}

}  // namespace gusto::cli
