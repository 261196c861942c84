/// gusto export: a model's vectors, as files for other programs.

#include <filesystem>
#include <memory>
#include <string>

#include <fmt/core.h>

#include "gusto/base/text.h"
#include "gusto/cli/interrupt.h"
#include "gusto/cli/model_flags.h"
#include "gusto/cli/run.h"
#include "gusto/retrieval/vector_export.h"

namespace gusto::cli {
namespace {

struct ExportFlags {
  std::string model;
  std::string vectors;
  RunFlags run;
};

void run_export(Session& session, const ExportFlags& flags) {
  Run run(session, flags.run);
  const Recommender recommender = open_model(flags.model, session.models);
  const VectorExport written = [&] {
    const WriteGuard guard;
    return export_vectors(recommender.model(), flags.vectors, run.context());
  }();
  run.clear();
  fmt::print("Wrote vectors of width {} of {} items and {} users into {}:\n", written.width,
             format_count(written.items), format_count(written.users), flags.vectors);
  for (const std::filesystem::path& file : written.files) {
    fmt::print("  {} ({})\n", file.filename().string(), format_bytes(std::filesystem::file_size(file)));
  }
}

}  // namespace

void add_export(CLI::App& app, Session& session) {
  auto flags = std::make_shared<ExportFlags>();
  CLI::App* command = add_command(
      app,
      {.name = "export",
       .summary = "Write a model's vectors for other programs.",
       .about =
           "For vector databases, plots and programs of one's own: the vectors of items and users as .npy files of "
           "float32, whose inner product is the model's score; their ids and titles, a line each; and the same "
           "vectors as text, which the Embedding Projector reads beside the file of ids. `gusto models` says "
           "which models have vectors: those that an index can search.",
       .examples = {"gusto export films.gusto --vectors vectors"}},
      [flags, &session] { run_export(session, *flags); });
  add_model_argument(command, flags->model);
  command->add_option("--vectors", flags->vectors, "The folder to write into; made if it is not there.")
      ->type_name("FOLDER")
      ->required();
  add_run_flags(command, flags->run, Seeded::no);
}

}  // namespace gusto::cli
