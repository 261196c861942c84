/// gusto index: makes what finds a model's best items fast, and stores it in the model's file.

#include "gusto/retrieval/index.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/tensor_file.h"
#include "gusto/base/text.h"
#include "gusto/cli/index_report.h"
#include "gusto/cli/interrupt.h"
#include "gusto/cli/model_flags.h"
#include "gusto/cli/output.h"
#include "gusto/cli/run.h"
#include "gusto/cli/table.h"
#include "gusto/models/model_file.h"
#include "gusto/models/registry.h"

namespace gusto::cli {
namespace {

constexpr std::string_view kAutomatic = "auto";

struct IndexFlags {
  std::string model;
  std::string kind{kAutomatic};
  RunFlags run;
};

IndexOptions options_of(const IndexFlags& flags) {
  IndexOptions options;
  options.seed = flags.run.seed_or(options.seed);
  const auto name = std::find(kIndexKindNames.begin(), kIndexKindNames.end(), flags.kind);
  if (name != kIndexKindNames.end()) options.kind = static_cast<IndexKind>(name - kIndexKindNames.begin());
  return options;
}

void report(const Session& session, const Model& model, const Index& index, double seconds) {
  const auto line = [&](std::string_view label, std::string_view text) {
    fmt::print("{}{}\n", paint(session.out, Style::bold, pad_right(label, 12)), text);
  };
  line("index", describe_index(index));
  line("items", fmt::format("{}", model.data().item_count()));
  line("size", format_bytes(index.bytes()));
  line("made in", fmt::format("{:.2f} s", seconds));
  const IndexQuality& quality = index.quality();
  if (quality.queries == 0) return;
  line("one query", fmt::format("{:.3f} ms on one thread; exact search {:.3f} ms", 1e3 * quality.query_seconds,
                                1e3 * quality.exact_seconds));
  if (index.kind() == IndexKind::exact || quality.query_seconds < quality.exact_seconds) return;
  line("slower", fmt::format("than exact search here; --kind {} suits these items better",
                             to_string(simpler_kind(model, index.kind()))));
}

void run_index(Session& session, const IndexFlags& flags) {
  Run run(session, flags.run);
  const TrainedModel trained = load_model(flags.model, {.models = session.models});
  require_writable(flags.model);
  run.progress("index");
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  const Index index = Index::build(*trained.model, options_of(flags), run.context());
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  {
    const WriteGuard guard;
    save_model(*trained.model, trained.record, flags.model, [&](TensorWriter& out) { index.save(out); });
  }
  run.clear();
  report(session, *trained.model, index, seconds);
}

}  // namespace

void add_index(CLI::App& app, Session& session) {
  auto flags = std::make_shared<IndexFlags>();
  CLI::App* command = add_command(
      app,
      {.name = "index",
       .summary = "Make a model's lists fast to find, and store how in its file.",
       .about =
           "For large catalogs. An index is exact; or int8, which gives the same lists from 8-bit numbers at a third "
           "of the memory traffic, and pays from some thousands of items; or hnsw, a walk through a graph of the items "
           "that finds a share of the best ones, and pays above some 500,000 items. How many of the 10 and 100 best "
           "it finds, and how long that takes, is measured on users' own queries. `gusto recommend` uses the index "
           "that "
           "a file has.",
       .examples = {"gusto index films.gusto", "gusto index films.gusto --kind hnsw"}},
      [flags, &session] { run_index(session, *flags); });
  add_model_argument(command, flags->model);
  std::vector<std::string> kinds{std::string(kAutomatic)};
  kinds.insert(kinds.end(), kIndexKindNames.begin(), kIndexKindNames.end());
  command
      ->add_option("--kind", flags->kind,
                   "auto, exact, int8 or hnsw. Default: auto, what usually is fastest for so many items.")
      ->type_name("KIND")
      ->check(CLI::IsMember(kinds).description(""));
  add_run_flags(command, flags->run, Seeded::yes);
}

}  // namespace gusto::cli
