/// gusto update: a trained model that takes in new events.

#include "gusto/retrieval/update.h"

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/text.h"
#include "gusto/cli/data_flags.h"
#include "gusto/cli/event_filter.h"
#include "gusto/cli/flag_names.h"
#include "gusto/cli/interrupt.h"
#include "gusto/cli/model_flags.h"
#include "gusto/cli/output.h"
#include "gusto/cli/run.h"
#include "gusto/eval/stopwatch.h"
#include "gusto/models/registry.h"

namespace gusto::cli {
namespace {

struct UpdateFlags {
  std::string model;
  DataRecipe data;
  std::string out;
  RunFlags run;
};

void tell_summary(const UpdateSummary& summary, const FilterOptions& filter, const ModelInfo& info, Session& session) {
  for (const std::string& note : summary.notes) fmt::print(stderr, "Note: {}\n", with_flags(note));
  fmt::print("{}", describe_event_filter(filter, summary.left_out, session.out));
  fmt::print("Took in {} events: {} new users, {} new items; {} events in all.\n", format_count(summary.read),
             format_count(summary.new_users), format_count(summary.new_items), format_count(summary.events));
  if (summary.repeated > 0) {
    fmt::print("{} events had been there, or came twice: joined as duplicates are.\n", format_count(summary.repeated));
  }
  if (summary.cold_users + summary.cold_items > 0) {
    fmt::print("Without an event that counts, and so without an answer of their own: {} users, {} items.\n",
               format_count(summary.cold_users), format_count(summary.cold_items));
  }
  if (summary.anew) fmt::print("{} was trained anew on all events.\n", info.name);
}

void run_update(Session& session, const UpdateFlags& flags) {
  require_writable(flags.out);
  Run run(session, flags.run);
  IndexedModel old = load_indexed_model(flags.model, run.context(), session.models);
  const FilterOptions filter = old.trained.record.filter;
  DataRecipe data = flags.data;
  data.reading = reading_of_update(flags.data.reading, old.trained.record);
  const OpenedDataset more = open_data(data, finder(run), run.context());
  run.clear();
  tell_bad_lines(more.report);
  const ModelInfo& info = old.trained.model->info();
  run.set_stage(std::string(info.name));
  const Stopwatch watch;
  const UpdatedModel updated = update_model(std::move(old), more, flags.data.reading, run.context());
  const double seconds = watch.seconds();
  run.context().check_canceled();
  run.clear();
  tell_summary(updated.summary, filter, info, session);
  fmt::print("Updated {} in {}.\n", info.name, format_seconds(seconds));
  {
    const WriteGuard guard;
    save_model(*updated.model.trained.model, updated.model.trained.record, flags.out, [&](TensorWriter& out) {
      if (updated.model.index != nullptr) updated.model.index->save(out);
    });
  }
  fmt::print("Wrote {} ({}).\n", flags.out, format_bytes(std::filesystem::file_size(flags.out)));
}

}  // namespace

void add_update(CLI::App& app, Session& session) {
  auto flags = std::make_shared<UpdateFlags>();
  CLI::App* command = add_command(
      app,
      {.name = "update",
       .summary = "Take new events into a trained model.",
       .about =
           "Joins new events to those that the model was trained on, read, weighed and filtered in the same way. New "
           "users and new items get vectors, users with new events new ones. Models that learn step by step go on from "
           "what they know, at about a tenth of the cost of a training; models that count or are solved as a whole "
           "are trained anew on all events, which takes as long as a training. What has no place in the model is "
           "counted and named.",
       .examples = {"gusto update films.gusto new-ratings.csv --out updated.gusto",
                    "gusto update ratings.gusto a.csv b.csv --out ratings.gusto"}},
      [flags, &session] { run_update(session, *flags); });
  add_model_argument(command, flags->model);
  add_data_flags(command, flags->data, DataArgument::events);
  command->add_option("--out", flags->out, "The file to write; may be the model's own.")
      ->type_name("FILE")
      ->required()
      ->group("Model");
  add_run_flags(command, flags->run, Seeded::no);
}

}  // namespace gusto::cli
