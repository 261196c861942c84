/// gusto inspect: what a data set or a model file holds.

#include <filesystem>
#include <memory>

#include <fmt/core.h>

#include "gusto/base/tensor_file.h"
#include "gusto/base/text.h"
#include "gusto/cli/comparison_report.h"
#include "gusto/cli/data_flags.h"
#include "gusto/cli/data_report.h"
#include "gusto/cli/event_filter.h"
#include "gusto/cli/index_report.h"
#include "gusto/cli/output.h"
#include "gusto/cli/run.h"
#include "gusto/cli/table.h"
#include "gusto/data/file/data_file.h"
#include "gusto/eval/compare.h"
#include "gusto/eval/describe_json.h"
#include "gusto/models/registry.h"
#include "gusto/retrieval/indexed_model.h"

namespace gusto::cli {
namespace {

struct InspectFlags {
  DataRecipe data;
  FilterOptions filter;
  RunFlags run;
  std::string json;
};

bool is_model_file(const std::filesystem::path& path) { return is_tensor_file(path) && !is_data_file(path); }

void inspect_model(const Session& session, const std::string& path, const std::string& json) {
  Context context({.threads = 1});
  const IndexedModel opened = load_indexed_model(path, context, session.models);
  const TrainedModel& trained = opened.trained;
  const Model& model = *trained.model;
  if (!json.empty()) {
    write_result(json, model_file_json(trained, opened.index.get(), std::filesystem::file_size(path)));
  }
  if (json == "-") return;
  const auto line = [&](std::string_view label, std::string_view text) {
    fmt::print("{}{}\n", paint(session.out, Style::bold, pad_right(label, 12)), text);
  };
  line("model", model.info().name);
  line("task", to_string(model.task()));
  line("split", trained.record.split.empty() ? "none: trained on all events" : trained.record.split);
  line("seed", fmt::format("{}", trained.record.seed));
  line("written by", "gusto " + trained.engine_version);
  line("size", format_bytes(std::filesystem::file_size(path)));
  if (opened.index) line("index", describe_index(*opened.index));
  Table options({{"option"}, {"value"}});
  for (const auto& [name, value] : model.settings()) options.add({name, format_field(value)});
  if (const auto reached = estimates_from_json(trained.record.metrics); !reached.empty()) {
    fmt::print("\nWhat it reached on the split's test part:\n\n{}", describe_estimates(reached, session.out));
  }
  fmt::print("\n{}\nThe events it was trained on:\n\n{}", options.render(session.out),
             describe_data(model.data(), session.out));
}

void run_inspect(Session& session, const InspectFlags& flags) {
  if (!flags.json.empty()) require_writable(flags.json);
  if (!flags.data.name.empty() && is_model_file(flags.data.name)) {
    inspect_model(session, flags.data.name, flags.json);
    return;
  }
  Run run(session, flags.run);
  const OpenedDataset opened = open_data(flags.data, finder(run), run.context());
  run.clear();
  const FilteredDataset filtered = filter_dataset(opened.data, flags.filter);
  if (opened.report.data_file) check_data_file(opened.report.data_file->path);
  if (!flags.json.empty()) write_result(flags.json, data_json(opened.report, filtered.steps, *filtered.data));
  if (flags.json == "-") return;
  fmt::print("{}{}\n{}{}", describe_source(opened.report, session.out),
             describe_command(opened.report, flags.data, session.out),
             describe_event_filter(flags.filter, filtered.steps, session.out),
             describe_data(*filtered.data, session.out));
}

}  // namespace

void add_inspect(CLI::App& app, Session& session) {
  auto flags = std::make_shared<InspectFlags>();
  CLI::App* command = add_command(
      app,
      {.name = "inspect",
       .summary = "Show what a data set or a model file holds.",
       .about =
           "Of a data set: which layout was recognized and why, counts, sparsity, a histogram of values, the long "
           "tail, the time range and the features. Of a model file: what it was trained with, and on what. A model "
           "file or a data file is read in full, and all its checksums are compared.",
       .examples = {"gusto inspect", "gusto inspect ratings.csv", "gusto inspect log.txt --columns user,item,-,time",
                    "gusto inspect films.gusto"}},
      [flags, &session] { run_inspect(session, *flags); });
  add_data_flags(command, flags->data, DataArgument::optional);
  add_event_filter_flags(command, flags->filter);
  add_json_flag(command, flags->json);
  add_run_flags(command, flags->run, Seeded::no);
}

}  // namespace gusto::cli
