/// gusto recommend: the items that a user, or someone new, is likely to want next.

#include <memory>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/cli/item_filter.h"
#include "gusto/cli/item_report.h"
#include "gusto/cli/model_flags.h"
#include "gusto/cli/pipeline_report.h"
#include "gusto/cli/run.h"
#include "gusto/retrieval/pipeline.h"
#include "gusto/retrieval/recommender.h"

namespace gusto::cli {
namespace {

struct RecommendFlags {
  std::string model;
  std::string pipeline;
  PersonFlags person;
  FilterFlags filter;
  RunFlags run;
  std::size_t count = 10;
};

/// If the model's file is a pipeline by its name, a hint at the flag.
Recommender open_for_search(const RecommendFlags& flags, Run& run) {
  Context& context = run.context();
  constexpr ItemNames kNames = ItemNames::titles;
  if (!flags.pipeline.empty()) return Recommender::open_pipeline(flags.pipeline, context, kNames, run.models());
  try {
    return Recommender::open(flags.model, context, kNames, run.models());
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt_file || !flags.model.ends_with(".toml")) throw;
    throw Error(error.code(), error.message(), fmt::format("If it is a pipeline, write --pipeline {}.", flags.model));
  }
}

void run_recommend(Session& session, const RecommendFlags& flags) {
  if (flags.model.empty() == flags.pipeline.empty()) {
    throw Error(ErrorCode::invalid_option,
                flags.model.empty() ? "gusto recommend needs a model file, or --pipeline."
                                    : "Give either a model file or --pipeline, not both.",
                "For example `gusto recommend films.gusto --user 42`; a pipeline names its model files itself.");
  }
  Run run(session, flags.run);
  const Recommender recommender = open_for_search(flags, run);
  const RecommendAnswer answer = recommender.recommend(
      {.who = person_of(flags.person, recommender), .k = flags.count, .filter = filter_of(flags.filter)},
      run.context());
  run.clear();
  tell_unknown(answer.who);
  if (answer.items.empty()) {
    fmt::print("Nothing is left to recommend to {}.\n", answer.who.name);
    return;
  }
  const Pipeline* pipeline = recommender.pipeline();
  fmt::print("For {}:\n{}", answer.who.name,
             pipeline != nullptr ? describe_pipeline_items(*pipeline, answer.items, session.out)
                                 : describe_items(recommender.data().catalog(), answer.items, "score", 3, session.out));
}

}  // namespace

void add_recommend(CLI::App& app, Session& session) {
  auto flags = std::make_shared<RecommendFlags>();
  CLI::App* command = add_command(
      app,
      {.name = "recommend",
       .summary = "Recommend items to a user, or to someone new, by title.",
       .about =
           "Ranks every item of the training data that the user has not seen yet, best first. Someone new is described "
           "by what they liked: titles with a rating each, found by prefix or closest spelling. The score is the "
           "model's own; it orders one user's items and means nothing beyond that. A pipeline takes candidates from "
           "one model or several, ranks them by another and re-ranks the list, for diversity say; its table shows "
           "what each stage made of an item.",
       .examples = {"gusto recommend films.gusto --user 42 -n 3",
                    "gusto recommend films.gusto --history \"Toy Story (1995):5,Heat (1995):4\"",
                    "gusto recommend films.gusto --user 42 --where genre=Comedy --exclude \"Clerks\"",
                    "gusto recommend --pipeline diverse.toml --user 42"}},
      [flags, &session] { run_recommend(session, *flags); });
  add_model_argument(command, flags->model)->required(false);
  command->add_option("--pipeline", flags->pipeline, "Instead of a model, a pipeline of several, as a TOML file.")
      ->type_name("FILE");
  add_person_flags(command, flags->person);
  command->add_option("-n", flags->count, "How many items. Default: 10.")
      ->type_name("N")
      ->check(CLI::Range(1U, 1000000U).description(""));
  add_filter_flags(command, flags->filter);
  add_run_flags(command, flags->run, Seeded::no);
}

}  // namespace gusto::cli
