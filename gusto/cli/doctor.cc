/// gusto doctor: what this program runs on and what it finds.

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/cpu_level.h"
#include "gusto/base/json.h"
#include "gusto/base/kernels.h"
#include "gusto/base/system.h"
#include "gusto/base/text.h"
#include "gusto/base/version.h"
#include "gusto/cli/command.h"
#include "gusto/cli/data_flags.h"
#include "gusto/cli/fetched_data.h"
#include "gusto/cli/output.h"
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

/// What the command finds.
struct Findings {
  std::vector<std::string> models;
  std::uint64_t embedded_events = 0, embedded_users = 0, embedded_items = 0;
  std::string data_folder;  ///< GUSTO_DATA, if it is set
  std::vector<std::string> data;
  std::vector<std::string> fetched;
};

std::vector<std::string> fetched_sets() {
  std::vector<std::string> names;
  std::error_code ignored;
  try {
    for (const PublishedSet& set : published_sets()) {
      if (std::filesystem::exists((default_cache() / set.name) += ".zip", ignored)) names.emplace_back(set.name);
    }
  } catch (const Error&) {
    // Without a home there is no cache, and nothing in it.
  }
  return names;
}

Findings find_out(Session& session) {
  Findings found;
  for (const ModelInfo* info : all_models(session.models)) found.models.emplace_back(info->name);
  Context context({.threads = 1, .cancel = &session.cancel});
  const OpenedDataset embedded = open_embedded(context);
  found.embedded_events = embedded.data->event_count();
  found.embedded_users = embedded.data->user_count();
  found.embedded_items = embedded.data->item_count();
  if (const char* folder = std::getenv("GUSTO_DATA"); folder != nullptr) found.data_folder = folder;
  if (!found.data_folder.empty()) found.data = list_data();
  found.fetched = fetched_sets();
  return found;
}

std::string findings_json(const Findings& found) {
  const OrderedJson json = {{"version", version()},
                            {"cpu_level", kernel_target()},
                            {"cpu_levels", cpu_levels()},
                            {"threads", available_threads()},
                            {"memory_bytes", available_memory()},
                            {"models", found.models},
                            {"embedded",
                             {{"name", kEmbeddedName},
                              {"events", found.embedded_events},
                              {"users", found.embedded_users},
                              {"items", found.embedded_items}}},
                            {"data_folder", found.data_folder},
                            {"data", found.data},
                            {"fetched", found.fetched}};
  return print_json(json, 2);
}

void print_findings(const Session& session, const Findings& found) {
  line(session, "gusto", version());
  line(session, "CPU level", kernel_target());
  line(session, "", fmt::format("GUSTO_CPU_LEVEL forces one of {}", join(cpu_levels(), ", ")));
  line(session, "threads", fmt::format("{} may be used", available_threads()));
  line(session, "memory", fmt::format("{} may be used", format_bytes(available_memory())));
  std::string_view label = "models";
  for (const std::string& part : wrap(join(found.models, ", "), kLine - kDoctorLabel)) {
    line(session, std::exchange(label, {}), part);
  }
  line(session, "embedded",
       fmt::format("{}: {} events, {} users, {} items", kEmbeddedName, format_count(found.embedded_events),
                   format_count(found.embedded_users), format_count(found.embedded_items)));
  line(session, "GUSTO_DATA",
       found.data_folder.empty() ? "not set; it may name a folder of data sets" : found.data_folder);
  if (!found.data_folder.empty() && found.data.empty()) line(session, "", "holds no data set that gusto recognizes");
  for (const std::string& name : found.data) line(session, "", "- " + name);
  line(session, "fetched",
       found.fetched.empty() ? "nothing; `gusto fetch` lists what there is" : join(found.fetched, ", "));
}

void run_doctor(Session& session, const std::string& json) {
  const Findings found = find_out(session);
  if (!json.empty()) write_result(json, findings_json(found));
  if (json != "-") print_findings(session, found);
}

}  // namespace

void add_doctor(CLI::App& app, Session& session) {
  auto json = std::make_shared<std::string>();
  CLI::App* command = add_command(
      app,
      {.name = "doctor",
       .summary = "Show version, processor, threads, memory and data found.",
       .about =
           "Prints what belongs into a bug report, and where gusto looks for data: the embedded set, the folder that "
           "the environment variable GUSTO_DATA names, whose data sets can be called by name, as in `gusto compare "
           "ml-1m`, and the sets that have been fetched, as in `gusto compare fetch:ml-1m`. All commands run on the "
           "CPU level, an instruction set, that the environment variable GUSTO_CPU_LEVEL names, else on the best.",
       .examples = {"gusto doctor", "GUSTO_DATA=~/data gusto doctor", "GUSTO_CPU_LEVEL=SSE4 gusto doctor"}},
      [json, &session] { run_doctor(session, *json); });
  add_json_flag(command, *json);
}

}  // namespace gusto::cli
