/// gusto recommend: the items that a user, or someone new, is likely to want next.

#include <array>
#include <memory>
#include <span>

#include <fmt/format.h>

#include "gusto/base/error.h"
#include "gusto/cli/index_report.h"
#include "gusto/cli/item_filter.h"
#include "gusto/cli/item_report.h"
#include "gusto/cli/model_flags.h"
#include "gusto/cli/pipeline_report.h"
#include "gusto/cli/run.h"
#include "gusto/retrieval/pipeline_file.h"
#include "gusto/retrieval/search.h"

namespace gusto::cli {
namespace {

struct RecommendFlags {
  std::string model;
  std::string pipeline;
  AskerFlags asker;
  FilterFlags filter;
  RunFlags run;
  std::size_t count = 10;
};

/// The model; if its file is a pipeline by its name, a hint at the flag.
IndexedModel open_model_or_pipeline(const std::string& path, Context& context) {
  try {
    return open_indexed_model(path, context);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt_file || !path.ends_with(".toml")) throw;
    throw Error(error.code(), error.message(), fmt::format("If it is a pipeline, write --pipeline {}.", path));
  }
}

/// `list(queries, filter)` gives the asker's items, which `describe` puts into a table.
template <class List, class Describe>
void answer(Run& run, const RecommendFlags& flags, const Dataset& data, const List& list, const Describe& describe) {
  const TitleIndex titles(data.catalogue());
  const Asker asker(flags.asker, data, titles);
  const ItemFilter filter(flags.filter, data.catalogue(), titles);
  const std::array<Query, 1> queries{asker.query()};
  const auto lists = list(queries, filter.search_filter());
  run.clear();
  if (lists[0].empty()) fmt::print("Nothing is left to recommend to {}.\n", asker.name());
  else fmt::print("For {}:\n{}", asker.name(), describe(lists[0]));
}

void run_recommend(Session& session, const RecommendFlags& flags) {
  if (flags.model.empty() == flags.pipeline.empty()) {
    throw Error(ErrorCode::invalid_option,
                flags.model.empty() ? "gusto recommend needs a model file, or --pipeline."
                                    : "Give either a model file or --pipeline, not both.",
                "For example `gusto recommend films.gusto --user 42`; a pipeline names its model files itself.");
  }
  Run run(session, flags.run);
  if (!flags.pipeline.empty()) {
    const Pipeline pipeline = Pipeline::open(read_pipeline(flags.pipeline), run.context());
    answer(
        run, flags, pipeline.data(),
        [&](std::span<const Query> queries, const SearchFilter& filter) {
          return pipeline.recommend(queries, flags.count, filter, run.context());
        },
        [&](std::span<const PipelineItem> items) { return describe_pipeline_items(pipeline, items, session.out); });
    return;
  }
  const IndexedModel opened = open_model_or_pipeline(flags.model, run.context());
  const Dataset& data = opened.trained.model->data();
  answer(
      run, flags, data,
      [&](std::span<const Query> queries, const SearchFilter& filter) {
        return search(opened, queries, flags.count, filter, run.context());
      },
      [&](std::span<const ScoredItem> items) {
        return describe_items(data.catalogue(), items, "score", 3, session.out);
      });
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
  add_asker_flags(command, flags->asker);
  command->add_option("-n", flags->count, "How many items. Default: 10.")
      ->type_name("N")
      ->check(CLI::Range(1U, 1000000U).description(""));
  add_filter_flags(command, flags->filter);
  add_run_flags(command, flags->run, Seeded::no);
}

}  // namespace gusto::cli
