/// gusto doctor: what this program runs on and what it finds.

#include <cstdlib>
#include <filesystem>
#include <utility>

#include <fmt/core.h>

#include "gusto/base/kernels.h"
#include "gusto/base/system.h"
#include "gusto/base/text.h"
#include "gusto/base/version.h"
#include "gusto/cli/command.h"
#include "gusto/cli/data_flags.h"
#include "gusto/cli/fetched_data.h"
#include "gusto/data/fetch/movielens_sets.h"
#include "gusto/data/movielens/embedded.h"
#include "gusto/models/registry.h"

namespace gusto::cli {
namespace {

constexpr std::size_t kLine = 80;         // columns
constexpr std::size_t kDoctorLabel = 12;  // of them

void line(const Session& session, std::string_view label, std::string_view text) {
  fmt::print("{}{}\n", paint(session.out, Style::bold, pad_right(label, kDoctorLabel)), text);
}

void show_fetched(Session& session) {
  std::vector<std::string_view> names;
  std::error_code ignored;
  try {
    for (const PublishedSet& set : published_sets()) {
      if (std::filesystem::exists((default_cache() / set.name) += ".zip", ignored)) names.push_back(set.name);
    }
  } catch (const Error&) {
    // Without a home there is no cache, and nothing in it.
  }
  line(session, "fetched", names.empty() ? "nothing; `gusto fetch` lists what there is" : join(names, ", "));
}

void show_data(Session& session) {
  Context context({.threads = 1, .cancel = &session.cancel});
  const OpenedDataset embedded = open_embedded(context);
  line(session, "embedded",
       fmt::format("{}: {} events, {} users, {} items", kEmbeddedName, format_count(embedded.data->event_count()),
                   format_count(embedded.data->user_count()), format_count(embedded.data->item_count())));
  const char* folder = std::getenv("GUSTO_DATA");
  if (folder == nullptr || *folder == '\0') {
    line(session, "GUSTO_DATA", "not set; it may name a folder of data sets");
    return;
  }
  line(session, "GUSTO_DATA", folder);
  const std::vector<std::string> names = list_data();
  if (names.empty()) line(session, "", "holds no data set that gusto recognizes");
  for (const std::string& name : names) line(session, "", "- " + name);
}

void run_doctor(Session& session) {
  line(session, "gusto", version());
  line(session, "CPU level", kernel_target());
  line(session, "threads", fmt::format("{} may be used", available_threads()));
  line(session, "memory", fmt::format("{} may be used", format_bytes(available_memory())));
  std::vector<std::string_view> models;
  for (const ModelInfo* info : all_models(session.models)) models.push_back(info->name);
  std::string_view label = "models";
  for (const std::string& part : wrap(join(models, ", "), kLine - kDoctorLabel)) {
    line(session, std::exchange(label, {}), part);
  }
  show_data(session);
  show_fetched(session);
}

}  // namespace

void add_doctor(CLI::App& app, Session& session) {
  add_command(
      app,
      {.name = "doctor",
       .summary = "Show version, processor, threads, memory and data found.",
       .about = "Prints what belongs into a bug report, and where gusto looks for data: the embedded set, the folder "
                "that the environment variable GUSTO_DATA names, whose data sets can be called by name, as in "
                "`gusto compare ml-1m`, and the sets that have been fetched, as in `gusto compare fetch:ml-1m`.",
       .examples = {"gusto doctor", "GUSTO_DATA=~/data gusto doctor"}},
      [&session] { run_doctor(session); });
}

}  // namespace gusto::cli
