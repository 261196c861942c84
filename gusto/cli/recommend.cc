/// gusto recommend: the items that a user, or someone new, is likely to want next.

#include <memory>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/cli/item_filter.h"
#include "gusto/cli/item_report.h"
#include "gusto/cli/model_flags.h"
#include "gusto/cli/output.h"
#include "gusto/cli/pipeline_report.h"
#include "gusto/cli/run.h"
#include "gusto/eval/stopwatch.h"
#include "gusto/retrieval/answer_json.h"
#include "gusto/retrieval/pipeline.h"
#include "gusto/retrieval/recommender.h"
#include "gusto/retrieval/user_lists.h"

namespace gusto::cli {
namespace {

struct RecommendFlags {
  std::string model;
  std::string pipeline;
  PersonFlags person;
  FilterFlags filter;
  RunFlags run;
  std::size_t count = 10;
  std::string users;
  std::string out = "-";
  std::string json;
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

void tell_lists(const ListsSummary& summary) {
  const auto say = [](std::uint64_t count, std::string_view what) {
    if (count > 0) fmt::print(stderr, "{} {}\n", format_count(count), what);
  };
  say(summary.popular, "users got popular items: the model has no answer for them.");
  say(summary.empty, "users have no list: nothing is left to recommend to them.");
  say(summary.again, "lines name a user again, and were left out.");
  if (summary.unknown > 0) {
    fmt::print(stderr, "{} users are not in the training data and have no list, such as {}.\n",
               format_count(summary.unknown), quote(summary.first_unknown));
  }
}

void write_all(const RecommendFlags& flags, ListsFormat format, const Recommender& recommender, Run& run) {
  const UserSource users =
      flags.users == "all" ? all_users(recommender.data()) : listed_users(flags.users, recommender.data());
  OutputText out(flags.out);
  const Stopwatch watch;
  const ListsSummary summary = write_lists(
      recommender, users, {.k = flags.count, .filter = filter_of(flags.filter, recommender)}, format,
      [&](std::string_view text) { out.append(text); }, run.context());
  out.commit();
  run.clear();
  tell_lists(summary);
  if (flags.out == "-") return;
  fmt::print("Wrote {} items for {} users into {} in {}.\n", format_count(summary.items), format_count(summary.users),
             flags.out, format_seconds(watch.seconds()));
}

/// Mistakes in flags, and files that can't be written, are found before anything is read.
ListsFormat check_outputs(const RecommendFlags& flags) {
  if (!flags.json.empty()) require_writable(flags.json);
  if (flags.users.empty()) {
    if (flags.out == "-") return ListsFormat::csv;
    throw Error(ErrorCode::invalid_option, "--out is for lists of many users.",
                "Add --users all, or --users FILE with an id on each line; --json FILE keeps one answer.");
  }
  if (!flags.person.empty() || !flags.json.empty()) {
    throw Error(ErrorCode::invalid_option, "--users goes without --user, --history, --feature and --json.",
                "Leave them out; --out lists.jsonl writes JSON.");
  }
  const ListsFormat format = flags.out == "-" ? ListsFormat::csv : lists_format(flags.out);
  require_writable(flags.out);
  return format;
}

void run_recommend(Session& session, const RecommendFlags& flags) {
  if (flags.model.empty() == flags.pipeline.empty()) {
    throw Error(ErrorCode::invalid_option,
                flags.model.empty() ? "gusto recommend needs a model file, or --pipeline."
                                    : "Give either a model file or --pipeline, not both.",
                "For example `gusto recommend films.gusto --user 42`; a pipeline names its model files itself.");
  }
  const ListsFormat format = check_outputs(flags);
  Run run(session, flags.run);
  const Recommender recommender = open_for_search(flags, run);
  if (!flags.users.empty()) {
    write_all(flags, format, recommender, run);
    return;
  }
  const RecommendAnswer answer = recommender.recommend(
      {.who = person_of(flags.person, recommender), .k = flags.count, .filter = filter_of(flags.filter, recommender)},
      run.context());
  run.clear();
  tell_notes(answer);
  if (!flags.json.empty()) write_result(flags.json, to_json(answer));
  if (flags.json == "-") return;
  if (answer.items.empty()) {
    fmt::print("Nothing is left to recommend to {}.\n", harmless(answer.who.name));
    return;
  }
  const Pipeline* pipeline = recommender.pipeline();
  fmt::print("For {}:\n{}", harmless(answer.who.name),
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
           "what each stage made of an item. With --users, lists for all or many users are written as they come, as "
           "CSV or as JSON, a line a user.",
       .examples = {"gusto recommend films.gusto --user 42 -n 3",
                    "gusto recommend films.gusto --history \"Toy Story (1995):5,Heat (1995):4\"",
                    "gusto recommend films.gusto --user 42 --where genre=Comedy --exclude \"Clerks\"",
                    "gusto recommend films.gusto --users all -n 20 --out lists.csv",
                    "gusto recommend --pipeline diverse.toml --user 42"}},
      [flags, &session] { run_recommend(session, *flags); });
  add_model_argument(command, flags->model)->required(false);
  command->add_option("--pipeline", flags->pipeline, "Instead of a model, a pipeline of several, as a TOML file.")
      ->type_name("FILE");
  add_person_flags(command, flags->person);
  command->add_option("-n", flags->count, "How many items. Default: 10.")
      ->type_name("N")
      ->check(CLI::Range(1U, 1000000U).description(""));
  command
      ->add_option("--users", flags->users,
                   "Lists for many: all users of the training data, or those of a file with an id on each line.")
      ->type_name("all|FILE")
      ->group("User");
  command
      ->add_option(
          "--out", flags->out,
          "Where the lists of --users go: a file that ends in .csv or .jsonl. Default: standard output, as CSV.")
      ->type_name("FILE")
      ->group("Output");
  add_json_flag(command, flags->json);
  add_filter_flags(command, flags->filter);
  add_run_flags(command, flags->run, Seeded::no);
}

}  // namespace gusto::cli
